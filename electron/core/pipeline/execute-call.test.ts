import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { callRecord, newCallId, newTaskId } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Writer } from '../changes/writers.ts';
import { createLiveOutput } from '../live-output.ts';
import type { ToolRun } from '../tools/tool.ts';
import type { IntendedCall, PipelineDeps } from './call-context.ts';
import { executeCall } from './execute-call.ts';
import { createRunningCalls } from './running-calls.ts';

/** Step 5 over a tool that does as it is told. */
async function executed(options: {
  readonly act: (run: ToolRun, running: PipelineDeps['running'], id: IntendedCall['record']['id']) => Promise<void>;
  readonly whole?: unknown;
}) {
  const id = newCallId();
  const recordings = new Map<string, string>();
  const writers: Writer[] = [];
  const running = createRunningCalls();
  const record = callRecord({ id, task_id: newTaskId() });
  const deps = {
    clock: createFakeClock(),
    live: createLiveOutput(),
    running,
    recordings: { put: (call: string, cast: string) => Promise.resolve(void recordings.set(call, cast)) },
    confinement: () => 'bubblewrap',
  } as unknown as PipelineDeps;
  const output = { text: '', structured: {}, isError: false, exitCode: 0, truncated: false, bytes: 0 };
  const call = {
    record,
    tool: { name: 'file_write' },
    target: { id: 'local', constraints: {} },
    incoming: { signal: new AbortController().signal, reportProgress: () => undefined },
    layer: { openForWriting: (writer: Writer) => (writers.push(writer), Promise.resolve(plainView())) },
    resolution: {
      argv: null,
      preview: { diff: options.whole === undefined ? null : { path: '/w/a', whole: options.whole } },
      execute: async (run: ToolRun) => {
        await options.act(run, running, id);
        return output;
      },
    },
  };
  const execution = await executeCall(deps, { call, record, profile: 'default', signal: call.incoming.signal } as unknown as IntendedCall);
  return { execution, recording: recordings.get(id) ?? null, writers, id };
}

it('F74: records the sizes that the operator gives the program’s terminal, and passes them on', async () => {
  const sizes: string[] = [];
  const { execution, recording } = await executed({
    act: async (run, running, id) => {
      const handle = { pid: 1, write: () => undefined, end: () => undefined, resize: (...to: number[]) => void sizes.push(to.join('x')) };
      run.onStarted(handle);
      run.onOutput('before ');
      running.program(id)?.resize(120, 40);
      run.onOutput('after');
      await Promise.resolve();
    },
  });
  expect(sizes).toEqual(['120x40']);
  expect(recording?.trimEnd().split('\n').slice(1)).toEqual(['[0,"o","before "]', '[0,"r","120x40"]', '[0,"o","after"]']);
  expect(execution.recording).toBe(sha256Hex(recording ?? ''));
});

it('announces the one file that a file tool writes, and nothing of a program', async () => {
  const act = async (run: ToolRun): Promise<void> => {
    await run.openLayer();
  };
  const whole = { before: null, after: { bytes: 1, sha256: sha256Hex('x'), mode: 0o755 } };
  const { writers, id } = await executed({ act, whole });
  expect(writers).toEqual([{ call_id: id, job_id: null, tool: 'file_write', file: { path: '/w/a', sha256: sha256Hex('x'), mode: 0o755 } }]);
  expect((await executed({ act })).writers).toMatchObject([{ file: null }]);
});
