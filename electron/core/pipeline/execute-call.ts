import { AppError } from '../../../shared/errors.ts';
import type { LayerView } from '../ports/layers.ts';
import type { ProgramHandle } from '../ports/runner.ts';
import type { ToolOutput } from '../tools/tool.ts';
import type { Execution, IntendedCall, PipelineDeps } from './call-context.ts';

/** Step 5. Takes only a call whose intent is on disk. Never throws: a failure is an outcome, too. */
export async function executeCall(deps: PipelineDeps, { call, record, profile }: IntendedCall): Promise<Execution> {
  const started = deps.clock.monotonic();
  const run = deps.running.begin(record.id, call.incoming.signal);
  call.incoming.reportProgress('Running.');
  const took = (): number => deps.clock.monotonic() - started;
  try {
    const onOutput = (chunk: string): void => {
      deps.live.append(record.id, chunk);
    };
    const onStarted = (handle: ProgramHandle): void => run.attach(handle);
    const openLayer = async (): Promise<LayerView> => await call.layer.openForWriting();
    const output = await call.resolution.execute({ profile, signal: run.signal, onOutput, onStarted, openLayer });
    if (run.signal.aborted) return { output, outcome: 'cancelled', reason: abortReason(run.signal), durationMs: took(), changes: null };
    const reason = failureOf(output);
    return { output, outcome: reason === null ? 'succeeded' : 'failed', reason, durationMs: took(), changes: null };
  } catch (error) {
    // A bug in a tool must not take the gateway down, and its message is not known to be safe to show.
    const message = error instanceof AppError ? error.message : 'The tool failed inside the gateway. The operator’s log has the details.';
    const output: ToolOutput = {
      text: message,
      structured: {},
      isError: true,
      exitCode: null,
      truncated: false,
      bytes: Buffer.byteLength(message),
    };
    return {
      output,
      outcome: run.signal.aborted ? 'cancelled' : 'failed',
      reason: run.signal.aborted ? abortReason(run.signal) : message,
      durationMs: took(),
      changes: null,
    };
  } finally {
    run.end();
    deps.live.end(record.id);
  }
}

function abortReason(signal: AbortSignal): string {
  return typeof signal.reason === 'string' ? signal.reason : 'The agent cancelled the call.';
}

/** A command that ends with another code than 0 is no failure of the tool, and the agent sees its output; to the operator it has failed. */
function failureOf(output: ToolOutput): string | null {
  if (output.isError) return firstLine(output.text);
  return output.exitCode === null || output.exitCode === 0 ? null : `Ended with exit code ${output.exitCode.toString()}.`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 300);
}
