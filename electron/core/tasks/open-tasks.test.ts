import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskId } from '../../../shared/domain/identity.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore, type FakeStore } from '../../testing/fake-store.ts';
import { newTokenId } from '../../testing/store-records.ts';
import { createOpenTasks, type OpenTasks } from './open-tasks.ts';

const minute = 60_000;

describe('open tasks', () => {
  const token = newTokenId();
  let clock: FakeClock;
  let store: FakeStore;
  let tasks: OpenTasks;
  let busy: TaskId | null;
  let ranUntil: number | null;
  let closed: TaskId[];

  beforeEach(() => {
    clock = createFakeClock();
    store = createFakeStore({ clock });
    busy = null;
    ranUntil = null;
    closed = [];
    tasks = createOpenTasks({
      store,
      clock,
      busyUntil: (task) => (task === busy ? clock.now() : ranUntil),
      onClosed: (task) => void closed.push(task),
      onError: (error) => {
        throw error;
      },
    });
  });
  /** As a call does: the task is in the store with its first event. */
  const call = async (): Promise<TaskId> => {
    const task = await tasks.forCall(token);
    await store.commit({ events: [], changes: [{ kind: 'task.put', task }] });
    return task.id;
  };

  it('keeps a task for 30 minutes after its last call, then closes it and opens another', async () => {
    const first = await call();
    await clock.advance(29 * minute);
    expect(await call()).toBe(first);
    await clock.advance(29 * minute);
    expect(closed).toEqual([]);
    await clock.advance(minute);
    expect(closed).toEqual([first]);
    expect(await store.openTask(token)).toBeNull();
    expect(await call()).not.toBe(first);
    expect(closed).toEqual([first]);
  });

  it('keeps a task open while a job of it runs, however long no call comes, and for 30 minutes after', async () => {
    const first = await call();
    busy = first;
    await clock.advance(5 * 60 * minute);
    expect(closed).toEqual([]);
    expect(await call()).toBe(first);
    await clock.advance(40 * minute);
    // The job ends now; nobody has called since.
    ranUntil = clock.now();
    busy = null;
    await clock.advance(29 * minute);
    expect(await call()).toBe(first);
    await clock.advance(30 * minute);
    expect(closed).toEqual([first]);
  });

  it('keeps it across the moment in which the timer fires, too', async () => {
    const first = await call();
    await clock.advance(29 * minute);
    busy = first;
    await clock.advance(2 * minute);
    ranUntil = clock.now();
    busy = null;
    await clock.advance(29 * minute);
    expect(closed).toEqual([]);
    await clock.advance(minute);
    expect(closed).toEqual([first]);
  });

  it('closes one that slept through its time when the next call comes', async () => {
    const first = await call();
    clock.setWall(clock.now() + 31 * minute);
    expect(await call()).not.toBe(first);
    expect(closed).toEqual([first]);
  });

  it('takes up the task of an earlier run, and closes what was idle then', async () => {
    const first = await call();
    const again = () =>
      createOpenTasks({ store, clock, busyUntil: () => null, onClosed: (task) => void closed.push(task), onError: () => undefined });
    tasks.stop();
    expect((await again().forCall(token)).id).toBe(first);
    await clock.advance(0);
    clock.setWall(clock.now() + 31 * minute);
    const later = again();
    expect((await later.forCall(token)).id).not.toBe(first);
    expect(closed).toEqual([first]);
  });
});
