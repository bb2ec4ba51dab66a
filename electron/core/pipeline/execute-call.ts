import { AppError } from '../../../shared/errors.ts';
import { createRecorder } from '../recordings/asciicast.ts';
import { keepRecording } from '../recordings/keep-recording.ts';
import type { ToolOutput, ToolRun } from '../tools/tool.ts';
import { limitTime } from './limit-time.ts';
import { recordEgress } from './record-egress.ts';
import type { Writer } from '../changes/writers.ts';
import type { Execution, IntendedCall, PipelineDeps, ResolvedCall } from './call-context.ts';

/** Of a terminal, and what a recording of pipes is shown in. */
const terminal = { columns: 80, rows: 24 };

/** Step 5. Takes only a call whose intent is on disk. Never throws: a failure is an outcome, too. */
export async function executeCall(deps: PipelineDeps, { call, record, profile, signal }: IntendedCall): Promise<Execution> {
  const started = deps.clock.monotonic();
  const run = deps.running.begin(record.id, signal);
  const closeLive = deps.live.open(record.id);
  const endLimit = limitTime(deps, record.id, call.target);
  call.incoming.reportProgress('Running.');
  const title = record.preview?.command ?? record.tool;
  const recorder = createRecorder({ ...terminal, monotonic: () => deps.clock.monotonic(), startedAt: deps.clock.now(), title });
  const toolRun: ToolRun = {
    profile,
    signal: run.signal,
    onOutput(chunk) {
      recorder.output(chunk);
      deps.live.append(record.id, chunk);
    },
    onStarted(handle) {
      const resize = (columns: number, rows: number): void => {
        recorder.resize(columns, rows);
        handle.resize(columns, rows);
      };
      run.attach({ ...handle, resize });
    },
    onEgress: (event) => recordEgress(deps, record, event),
    openLayer: async () => await call.layer.openForWriting(writerOf(call)),
  };
  const done = async (output: ToolOutput, outcome: Execution['outcome'], reason: string | null): Promise<Execution> => ({
    output,
    outcome,
    reason,
    durationMs: deps.clock.monotonic() - started,
    recording: await keepRecording(deps.recordings, record.id, recorder),
    changes: null,
  });
  try {
    // SECURITY: the rule allowed it in a sandbox; without one it is the operator's to decide, who has not been asked.
    if (record.verdict?.effect === 'allow' && call.resolution.argv !== null && deps.confinement() === 'none')
      throw new AppError(
        'forbidden',
        'the sandbox was switched off while this call was under way: call again, and the operator will be asked',
      );
    // SECURITY: what was ended before it began does not begin.
    run.signal.throwIfAborted();
    const output = await call.resolution.execute(toolRun);
    if (run.signal.aborted) return await done(output, 'cancelled', abortReason(run.signal));
    const reason = failureOf(output);
    return await done(output, reason === null ? 'succeeded' : 'failed', reason);
  } catch (error) {
    // A bug in a tool must not take the gateway down, and its message is not known to be safe to show.
    const message = error instanceof AppError ? error.message : 'The tool failed inside the gateway. The operator’s log has the details.';
    return run.signal.aborted
      ? await done(failedOutput(message), 'cancelled', abortReason(run.signal))
      : await done(failedOutput(message), 'failed', message);
  } finally {
    endLimit();
    run.end();
    closeLive();
  }
}

/** Who may have made what is found in the layer from now on; a file tool announces the one thing that it writes. */
function writerOf({ record, tool, resolution }: ResolvedCall): Writer {
  const { diff } = resolution.preview;
  const file =
    diff === null || diff.whole === null ? null : { path: diff.path, sha256: diff.whole.after.sha256, mode: diff.whole.after.mode };
  return { call_id: record.id, job_id: null, tool: tool.name, file };
}

function failedOutput(text: string): ToolOutput {
  return { text, structured: {}, isError: true, exitCode: null, truncated: false, bytes: Buffer.byteLength(text) };
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
