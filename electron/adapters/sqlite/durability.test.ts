import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { CallId } from '../../../shared/domain/identity.ts';
import { runStoreChild } from '../../testing/run-store-child.ts';
import { newDataDir, openedStore } from '../../testing/store-fixture.ts';
import { auditEvent, callRecord } from '../../testing/store-records.ts';
import { openDatabase } from './database.ts';

/** Transactions in a -wal that was never checkpointed: frames that carry the size of the database after them. */
function transactionsIn(wal: string): number {
  const bytes = readFileSync(wal);
  const frame = 24 + bytes.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frame <= bytes.length; at += frame) if (bytes.readUInt32BE(at + 4) !== 0) commits += 1;
  return commits;
}

const unit = (): Parameters<Awaited<ReturnType<typeof openedStore>>['store']['commit']>[0] => ({ events: [auditEvent()], changes: [] });

describe('group commit', () => {
  test('units that come together share a transaction; units that wait for each other do not', async () => {
    const dataDir = newDataDir();
    const { store } = await openedStore(dataDir);
    const wal = join(dataDir, 'gatehouse.db-wal');
    await store.commit(unit());
    const atFirst = transactionsIn(wal);
    for (let i = 0; i < 5; i += 1) await store.commit(unit());
    const afterFive = transactionsIn(wal);
    expect(afterFive - atFirst).toBe(5);
    await Promise.all(Array.from({ length: 200 }, () => store.commit(unit())));
    expect(transactionsIn(wal) - afterFive).toBeLessThanOrEqual(20);
    expect(await store.verify()).toMatchObject({ ok: true, events: 206 });
    await store.stop();
  });

  test('verifying a long log does not hold up commits, and does not mind them', async () => {
    const { store } = await openedStore(newDataDir());
    await store.commit({ events: Array.from({ length: 5_000 }, () => auditEvent()), changes: [] });
    const verifying = store.verify();
    const done = verifying.then(() => 'verified');
    let between = 0;
    while ((await Promise.race([done, store.commit(unit()).then(() => 'committed')])) === 'committed') between += 1;
    expect(between).toBeGreaterThan(2);
    expect(await verifying).toMatchObject({ ok: true, problems: [] });
    expect(await store.verify()).toMatchObject({ ok: true });
    await store.stop();
  });

  test('another program that holds the database for a moment delays a commit and does not fail it', async () => {
    const dataDir = newDataDir();
    const { store, told } = await openedStore(dataDir);
    const other = await openDatabase(join(dataDir, 'gatehouse.db'));
    other.exec('BEGIN IMMEDIATE');
    const committed = store.commit(unit());
    expect(await Promise.race([committed, sleep(300, 'waiting')])).toBe('waiting');
    expect(await store.auditHead()).toMatchObject({ seq: 0 });
    other.exec('ROLLBACK');
    other.close();
    expect(await committed).toMatchObject({ ok: true });
    expect(told).toEqual([]);
    await store.stop();
  });
});

describe('after kill -9', () => {
  test('F90: every acknowledged unit is there, whole, and the chain verifies', { timeout: 120_000 }, async () => {
    const dataDir = newDataDir();
    let acknowledged: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      const child = runStoreChild('forever', dataDir);
      await child.line(30 + round * 17);
      child.process.kill('SIGKILL');
      await child.ended();
      acknowledged = [...acknowledged, ...child.lines.filter((line) => line !== 'ready')];
    }
    const { store, told } = await openedStore(dataDir);
    expect(acknowledged.length).toBeGreaterThan(200);
    for (const id of acknowledged as CallId[]) {
      expect(await store.call(id)).not.toBeNull();
      expect((await store.auditEvents({ call_id: id, after_seq: 0, limit: 5 })).map(({ type }) => type)).toEqual([
        'execution.started',
        'execution.finished',
      ]);
    }
    const calls = await store.calls({ limit: 100_000 });
    const verified = await store.verify();
    expect(verified).toMatchObject({ ok: true, anchor: 'file', problems: [], events: 2 * calls.length });
    expect(told).toEqual([]);
    await store.stop();
  });
});

describe('F83: without room on the disk', () => {
  test('what begins is refused, what ends is still written, and all goes on when there is room', { timeout: 120_000 }, async () => {
    const dataDir = newDataDir();
    const mount = dirname(dataDir);
    const child = runStoreChild('fill', dataDir, [
      'bwrap',
      '--die-with-parent',
      '--dev-bind',
      '/',
      '/',
      '--size',
      String(6 * 1024 * 1024),
      '--tmpfs',
      mount,
    ]);
    const seen = await child.line(0);
    await child.ended();
    expect(seen).toMatchObject({
      before: 'ok',
      opening: 'unavailable',
      reasonWhenFull: 'The log cannot be written: the disk is full.',
      closing: ['ok', 'ok'],
      smallOpening: 'unavailable',
      isReserveSpent: true,
      verifiedWhenFull: { ok: true, events: 3 },
      after: 'ok',
      verified: { ok: true, events: 4, anchor: 'file' },
      reserveBytes: 1024 * 1024,
    });
  });

  test('a limit on file sizes refuses, loses nothing, and is got over', { timeout: 120_000 }, async () => {
    const dataDir = newDataDir();
    const child = runStoreChild('limit', dataDir, ['prlimit', `--fsize=${3 * 1024 * 1024}:unlimited`]);
    const stopped = await child.line(0);
    expect(stopped).toMatchObject({
      reason: 'The log cannot be written: the disk failed to read or write.',
      again: 'unavailable',
      verified: { ok: true },
    });
    const { stoppedAfter, verified } = stopped as { stoppedAfter: number; verified: { events: number } };
    expect(stoppedAfter).toBeGreaterThan(5);
    expect(verified.events).toBe(stoppedAfter);
    execFileSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited']);
    const after = (await child.line(1)) as { events: number; verified: unknown };
    await child.ended();
    expect(after).toMatchObject({ after: 'ok', verified: { ok: true, events: stoppedAfter + 1 } });
  });
});

test('the thread answers what it was asked before it stops, and refuses afterwards', async () => {
  const dataDir = newDataDir();
  mkdirSync(dataDir, { mode: 0o700 });
  const { store, told } = await openedStore(dataDir);
  const call = callRecord();
  const committed = Promise.all(
    Array.from({ length: 20 }, () => store.commit({ events: [auditEvent()], changes: [{ kind: 'call.put', call }] })),
  );
  await store.stop();
  expect((await committed).every(({ ok }) => ok)).toBe(true);
  await expect(store.commit(unit())).rejects.toMatchObject({ code: 'unavailable' });
  await expect(store.tokens()).rejects.toMatchObject({ code: 'unavailable' });
  await store.start();
  expect(await store.auditHead()).toMatchObject({ seq: 20 });
  expect(told).toEqual([]);
  await store.stop();
});
