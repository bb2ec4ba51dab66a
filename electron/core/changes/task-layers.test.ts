import { expect, it } from 'vitest';
import { newTaskId } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import { createTaskLayers } from './task-layers.ts';

it('keeps what came to be held while a call waited, when the layer is opened for it', async () => {
  const task = newTaskId();
  const opened: (readonly string[])[] = [];
  let held: readonly string[] = [];
  const unused = () => Promise.reject(new Error('not used here'));
  const layers = createTaskLayers({
    changes: { heldPaths: () => Promise.resolve(held) },
    layers: {
      open: (id, _workspaces, kept) => (opened.push(kept), Promise.resolve(plainView(id))),
      join: () => Promise.resolve(null),
      status: () => ({ kind: 'overlay', detail: '', fix: null }),
      probe: unused,
      applied: unused,
      drop: unused,
      list: unused,
      stop: unused,
    },
  });
  const waiting = await layers.forTask(task, ['/w']);
  expect(waiting.view()).toBeNull();
  held = ['/w/.envrc'];
  expect(waiting.written()).toBeNull();
  expect(await waiting.openForWriting()).toBe(waiting.written());
  expect(opened).toEqual([['/w/.envrc']]);
});
