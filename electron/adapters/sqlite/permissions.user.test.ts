import { chmodSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { newDataDir, openedStore } from '../../testing/store-fixture.ts';
import { auditEvent } from '../../testing/store-records.ts';
import { createSqliteReader } from './sqlite-reader.ts';

const unit = { events: [auditEvent()], changes: [] };

beforeAll(() => {
  if (process.geteuid?.() === 0) throw new Error('these tests mean nothing as root: run them as an ordinary user');
});

test('F74: a folder that belongs to another user is refused', async () => {
  const before = statSync('/usr/share').mode;
  await expect(openedStore('/usr/share')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('belongs to another user (uid 0)') as string,
  });
  expect(statSync('/usr/share').mode).toBe(before);
});

test('F83: a read-only data directory is refused with its name; made writable, it works', async () => {
  const dataDir = newDataDir();
  const first = await openedStore(dataDir);
  await first.store.commit(unit);
  await first.store.stop();
  chmodSync(dataDir, 0o500);
  const before = readdirSync(dataDir);
  await expect(openedStore(dataDir)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(dataDir) as string });
  expect(readdirSync(dataDir)).toEqual(before);

  const reader = createSqliteReader({ dataDir });
  await reader.start();
  expect(await reader.verify()).toMatchObject({ ok: true, events: 1, anchor: 'file' });
  await reader.stop();

  chmodSync(dataDir, 0o700);
  const { store } = await openedStore(dataDir);
  expect(await store.commit(unit)).toMatchObject({ ok: true });
  await store.stop();
});

test('F83: a parent that may not be written to is refused with the name of the data directory', async () => {
  const dataDir = newDataDir();
  chmodSync(dirname(dataDir), 0o500);
  const refused = openedStore(dataDir);
  await expect(refused).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`${dataDir} cannot be used: permission is denied`) as string,
  });
  chmodSync(dirname(dataDir), 0o700);
});

test('F90: an anchor that can no longer be written is told, and so is its recovery', async () => {
  const dataDir = newDataDir();
  const { store, told } = await openedStore(dataDir);
  chmodSync(dataDir, 0o500);
  // The log itself is open already and still takes events.
  await store.commit(unit);
  await until(() => told.length > 0);
  expect(told).toEqual(["The log's anchor cannot be written: permission is denied."]);
  chmodSync(dataDir, 0o700);
  await until(() => told.at(-1) === null);
  expect(await store.verify()).toMatchObject({ ok: true, anchor: 'file' });
  await store.stop();
  expect(statSync(join(dataDir, 'audit.head')).mode & 0o777).toBe(0o600);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}
