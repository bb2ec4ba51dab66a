import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { NetworkAnswer, OperationExecutor } from '../ports/operation-executor.ts';
import type { RunnerResult } from '../ports/runner.ts';
import type { ToolOutput, ToolRun } from '../tools/tool.ts';
import type { OperationToolsDeps, PlannedOperation } from './operation-call.ts';

/** Carries a plan out, step by step; the first that fails ends it. */
export async function runOperation(deps: OperationToolsDeps, planned: PlannedOperation, run: ToolRun): Promise<ToolOutput> {
  const { operation, target, executor } = planned;
  if (executor === null) throw new AppError('unavailable', `nothing reaches the target ${target.id}`);
  const seconds = Math.min(operation.timeoutS, target.constraints.timeout_s ?? Number.POSITIVE_INFINITY);
  if (operation.form.kind === 'network') {
    const request = operation.form.request(planned.args);
    return answered(await executor.request(request, { timeoutMs: seconds * 1000 }, run.signal, run));
  }
  return await runSteps(deps, { ...planned, executor }, run, seconds);
}

async function runSteps(
  deps: OperationToolsDeps,
  { operation, plan, executor }: PlannedOperation & { readonly executor: OperationExecutor },
  run: ToolRun,
  seconds: number,
): Promise<ToolOutput> {
  const endsAt = performance.now() + seconds * 1000;
  const outputs: string[] = [];
  let bytes = 0;
  let truncated = false;
  for (const argv of plan.steps) {
    const timeoutMs = Math.max(1, endsAt - performance.now());
    const command = { argv, root: plan.root, timeoutMs, outputLimit: Math.max(1024, deps.outputLimit() - bytes) };
    const result = await executor.run(command, run.signal, run);
    outputs.push(result.output);
    bytes += result.outputBytes;
    truncated ||= result.truncated;
    const failure = failureOf(result, argv[0], seconds);
    if (failure !== null) return { ...textOf([failure, ...outputs], {}, bytes, truncated), isError: true, exitCode: exitCode(result) };
  }
  // What was cut cannot be read as a whole.
  const parsed = operation.form.kind === 'programs' && !truncated ? (operation.form.parse?.(outputs) ?? null) : null;
  if (parsed !== null) return { ...textOf([JSON.stringify(parsed, null, 2)], parsed, bytes, truncated), exitCode: 0 };
  return {
    ...textOf([...outputs, ...(truncated ? [`[output cut: ${bytes.toString()} bytes in all]`] : [])], {}, bytes, truncated),
    exitCode: 0,
  };
}

const exitCode = ({ exit }: RunnerResult): number | null => (exit.kind === 'exited' ? exit.code : null);

/** How a step ended, in words; null when it did what it should. */
function failureOf({ exit }: RunnerResult, program: string, seconds: number): string | null {
  switch (exit.kind) {
    case 'exited':
      return exit.code === 0 ? null : `[${program} ended with code ${exit.code.toString()}; what would have come after it was not done]`;
    case 'signalled':
      return `[${program} was ended by ${exit.signal}]`;
    case 'timed_out':
      return `[${program} was killed after the time limit of ${seconds.toString()} s; what it had done until then stays]`;
    case 'aborted':
      return `[${program} was killed because the call was stopped]`;
  }
}

const textOf = (parts: readonly string[], structured: JsonObject, bytes: number, truncated: boolean): Omit<ToolOutput, 'exitCode'> => {
  const text = parts
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n');
  return { text: text === '' ? '[no output]' : text, structured, isError: false, truncated, bytes };
};

const answered = ({ ok, facts, body }: NetworkAnswer): ToolOutput => {
  const document: JsonObject = {};
  for (const [name, value] of Object.entries(facts))
    document[name] = Array.isArray(value) ? [...(value as readonly string[])] : (value as string | number | boolean);
  const head = JSON.stringify(document, null, 2);
  const text = body === null || body === '' ? head : `${head}\n${body}`;
  return { text, structured: document, isError: !ok, exitCode: null, truncated: false, bytes: Buffer.byteLength(text) };
};
