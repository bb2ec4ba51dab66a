import { beforeEach, expect, it } from 'vitest';
import type { TaskId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { newTaskId } from '../../testing/store-records.ts';
import { createChangeBus, type ChangeBus } from '../change-bus.ts';
import { createEndedLayers, type EndedLayers } from './ended-layers.ts';

const task = newTaskId();
let bus: ChangeBus;
let held: readonly string[];
let isUsed: boolean;
let dropped: TaskId[];
let errors: unknown[];
let layers: EndedLayers;

beforeEach(() => {
  bus = createChangeBus();
  held = [];
  isUsed = false;
  dropped = [];
  errors = [];
  layers = createEndedLayers({
    bus,
    changes: { heldPaths: () => Promise.resolve(held) },
    layers: {
      drop: async (id) => {
        if (isUsed) throw new AppError('conflict', 'a call of the task still uses its layer');
        await Promise.resolve(dropped.push(id));
      },
    },
    onError: (error) => void errors.push(error),
  });
  layers.start();
});

it('drops a task’s layer when the task ends, once', async () => {
  layers.ended(task);
  await layers.settled();
  bus.changed('changes');
  await layers.settled();
  expect([dropped, errors]).toEqual([[task], []]);
});

it('keeps it while something waits for the operator, and drops it after the decision', async () => {
  held = ['/w/.envrc'];
  layers.ended(task);
  bus.changed('changes');
  await layers.settled();
  expect(dropped).toEqual([]);
  held = [];
  bus.changed('changes');
  await layers.settled();
  expect(dropped).toEqual([task]);
});

it('waits for a call that still uses it', async () => {
  isUsed = true;
  layers.ended(task);
  await layers.settled();
  expect(dropped).toEqual([]);
  isUsed = false;
  bus.changed('calls');
  await layers.settled();
  expect([dropped, errors]).toEqual([[task], []]);
});

it('touches no layer of a task that goes on', async () => {
  bus.changed('changes');
  await layers.settled();
  expect(dropped).toEqual([]);
});
