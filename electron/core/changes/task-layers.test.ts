import { expect, it } from 'vitest';
import { newCallId, newTaskId } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import type { LayerView } from '../ports/layers.ts';
import { createTaskLayers, type TaskLayers } from './task-layers.ts';
import { createWriters, type Writer } from './writers.ts';

const task = newTaskId();
const writer = (): Writer => ({ call_id: newCallId(), job_id: null, tool: 'bash', file: null });

/** Layers that keep nothing, and tell what each opening was told to keep. */
function world(heldPaths: () => Promise<readonly string[]>): { readonly layers: TaskLayers; readonly opened: (readonly string[])[] } {
  const opened: (readonly string[])[] = [];
  let users = 0;
  const view = (): LayerView => {
    users += 1;
    return { ...plainView(task), close: async () => void (users -= 1) };
  };
  const layers = createTaskLayers({
    changes: { heldPaths },
    writers: createWriters(),
    layers: {
      open: async (_id, _workspaces, kept) => (opened.push(kept), view()),
      join: async () => (users === 0 ? null : view()),
    },
  });
  return { layers, opened };
}

it('keeps what came to be held while a call waited, when the layer is opened for it', async () => {
  let held: readonly string[] = [];
  const { layers, opened } = world(() => Promise.resolve(held));
  const waiting = await layers.forTask(task, ['/w']);
  expect(waiting.view()).toBeNull();
  held = ['/w/.envrc'];
  expect(waiting.written()).toBeNull();
  expect(await waiting.openForWriting(writer())).toBe(waiting.written()?.view);
  expect(opened).toEqual([['/w/.envrc']]);
  expect(layers.isUsed(task)).toBe(true);
  await waiting.close();
  expect(layers.isUsed(task)).toBe(false);
});

it('opens no layer by what was held before another call of the task opened, held something and closed', async () => {
  let held: readonly string[] = [];
  let answer: () => void = () => undefined;
  const { layers, opened } = world(async () => {
    const now = held;
    // The first question is slow to be answered; the second call comes in meanwhile.
    if (opened.length === 0) await new Promise<void>((resolve) => (answer = resolve));
    return now;
  });
  const [slow, quick] = [
    await (async () => {
      const starting = layers.forTask(task, ['/w']);
      setImmediate(() => answer());
      return await starting;
    })(),
    await (async () => {
      const starting = layers.forTask(task, ['/w']);
      setImmediate(() => answer());
      return await starting;
    })(),
  ] as const;
  const first = slow.openForWriting(writer());
  const second = quick.openForWriting(writer()).then(async () => {
    held = ['/w/.envrc'];
    await quick.close();
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened).toEqual([]);
  answer();
  await Promise.all([first, second]);
  // One opening, joined by the other call: nothing was let go of after it.
  expect(opened).toEqual([[]]);
  await slow.close();
  const third = await layers.forTask(task, ['/w']);
  expect(opened[1]).toEqual(['/w/.envrc']);
  await third.close();
});
