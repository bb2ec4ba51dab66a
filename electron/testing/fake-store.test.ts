import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { createFakeStore } from './fake-store.ts';
import { describeJudgedCalls } from './judged-contract.ts';
import { describeStore } from './store-contract.ts';
import { auditEvent } from './store-records.ts';

describeStore('the fake store', async (clock) => createFakeStore({ clock }));
describeJudgedCalls('the fake store', async (clock) => createFakeStore({ clock }));

test('a failing fake rejects and tells; mended, it goes on', async () => {
  const told: (string | null)[] = [];
  const store = createFakeStore({ clock: createFakeClock(), onDegraded: (reason) => told.push(reason) });
  store.fail('the disk is full');
  await expect(store.commit({ events: [auditEvent()], changes: [] })).rejects.toMatchObject({ code: 'unavailable' });
  store.fail(null);
  expect(await store.commit({ events: [auditEvent()], changes: [] })).toMatchObject({ ok: true });
  expect(told).toEqual(['the disk is full', null]);
  expect(store.events()).toHaveLength(1);
});
