import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { runStoreChild } from '../../testing/run-store-child.ts';
import { newDataDir, openedStore } from '../../testing/store-fixture.ts';
import { auditEvent } from '../../testing/store-records.ts';
import { openDatabase } from './database.ts';
import type { PermissionRepair } from './private-files.ts';
import { createSqliteReader } from './sqlite-reader.ts';
import { createSqliteStore } from './sqlite-store.ts';

const unit = { events: [auditEvent()], changes: [] };

/** A data directory with one event in it, and no instance running. */
async function usedDataDir(): Promise<string> {
  const dataDir = newDataDir();
  const { store } = await openedStore(dataDir);
  await store.commit(unit);
  await store.stop();
  return dataDir;
}

const modesIn = (dataDir: string): Record<string, string> =>
  Object.fromEntries(readdirSync(dataDir).map((name) => [name, (statSync(join(dataDir, name)).mode & 0o777).toString(8)]));

describe('F74: files', () => {
  test.each([0o000, 0o022, 0o077])('are private whatever the umask (%o)', async (mask) => {
    const dataDir = newDataDir();
    const before = process.umask(mask);
    const { store } = await openedStore(dataDir).finally(() => process.umask(before));
    await store.commit(unit);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const modes = modesIn(dataDir);
    const names = [
      'audit.head',
      'audit.key',
      'audit.reserve',
      'gatehouse.db',
      'gatehouse.db-shm',
      'gatehouse.db-wal',
      'lock.db',
      'lock.pid',
    ];
    expect(Object.keys(modes)).toEqual(expect.arrayContaining(names));
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
    await store.stop();
  });

  test('that others could reach are closed at the next start, and reported', async () => {
    const dataDir = await usedDataDir();
    chmodSync(dataDir, 0o755);
    chmodSync(join(dataDir, 'gatehouse.db'), 0o644);
    chmodSync(join(dataDir, 'audit.key'), 0o640);
    const repaired: PermissionRepair[] = [];
    const start = async (): Promise<void> => {
      const store = createSqliteStore({
        dataDir,
        clock: createFakeClock(),
        onDegraded: () => undefined,
        onRepaired: (repairs) => repaired.push(...repairs),
      });
      await store.start();
      await store.stop();
    };
    await start();
    expect(repaired).toEqual([
      { path: dataDir, from: 0o755, to: 0o700 },
      { path: join(dataDir, 'gatehouse.db'), from: 0o644, to: 0o600 },
      { path: join(dataDir, 'audit.key'), from: 0o640, to: 0o600 },
    ]);
    expect(new Set(Object.values(modesIn(dataDir)))).toEqual(new Set(['600']));
    await start();
    expect(repaired).toHaveLength(3);
  });

  test('a data directory or database that is a symbolic link is refused, and what it leads to is untouched', async () => {
    const real = await usedDataDir();
    const linked = join(dirname(real), 'linked');
    symlinkSync(real, linked);
    chmodSync(real, 0o755);
    await expect(openedStore(linked)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('symbolic link') as string,
    });
    expect(statSync(real).mode & 0o777).toBe(0o755);

    const planted = newDataDir();
    const canary = join(dirname(planted), 'canary');
    writeFileSync(canary, '', { mode: 0o644 });
    mkdirSync(planted, { mode: 0o700 });
    symlinkSync(canary, join(planted, 'gatehouse.db'));
    await expect(openedStore(planted)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not a regular file') as string,
    });
    expect([readFileSync(canary, 'utf8'), statSync(canary).mode & 0o777]).toEqual(['', 0o644]);
  });
});

describe('a second instance', () => {
  test('in the same process is refused with the folder and the process id, and the first goes on', async () => {
    const dataDir = newDataDir();
    const { store } = await openedStore(dataDir);
    const refused = {
      code: 'conflict',
      message: expect.stringContaining(`process ${process.pid}) is using the data directory ${dataDir}`) as string,
    };
    for (let i = 0; i < 2; i += 1) await expect(openedStore(dataDir)).rejects.toMatchObject(refused);
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.commit(unit)).toMatchObject({ ok: true });
    await store.stop();
    const again = await openedStore(dataDir);
    await again.store.stop();
  });

  test('in another process is refused until that is gone, also by kill -9', async () => {
    const dataDir = newDataDir();
    const child = runStoreChild('hold', dataDir);
    const pid = await child.line(0);
    const message = expect.stringContaining(`process ${String(pid)})`) as string;
    await expect(openedStore(dataDir)).rejects.toMatchObject({ code: 'conflict', message });
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject({ code: 'conflict', message });
    child.process.kill('SIGKILL');
    await child.ended();
    const { store } = await openedStore(dataDir);
    expect(await store.commit(unit)).toMatchObject({ ok: true });
    await store.stop();
  });

  test('a reader makes a start wait until it is done', async () => {
    const dataDir = await usedDataDir();
    const reader = createSqliteReader({ dataDir });
    await reader.start();
    let isStarted = false;
    const starting = openedStore(dataDir).then((opened) => {
      isStarted = true;
      return opened;
    });
    expect(await reader.verify()).toMatchObject({ ok: true, events: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isStarted).toBe(false);
    await reader.stop();
    await (await starting).store.stop();
  });
});

describe('a database that is not right', () => {
  test('F83: from a newer version is refused by name, unchanged, for reading too', async () => {
    const dataDir = await usedDataDir();
    const path = join(dataDir, 'gatehouse.db');
    const db = await openDatabase(path);
    db.exec('PRAGMA user_version = 7');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    const before = readFileSync(path);
    const refused = {
      code: 'unavailable',
      message: expect.stringMatching(/newer Gatehouse \(schema 7; this one knows up to 3\)/) as string,
    };
    await expect(openedStore(dataDir)).rejects.toMatchObject(refused);
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject(refused);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('scrambled from the start is refused, unchanged', async () => {
    const dataDir = await usedDataDir();
    const path = join(dataDir, 'gatehouse.db');
    const bytes = readFileSync(path).map((byte) => byte ^ 0x5a);
    writeFileSync(path, bytes);
    await expect(openedStore(dataDir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not a Gatehouse database') as string,
    });
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('F90: scrambled in the middle never passes for whole', async () => {
    const dataDir = newDataDir();
    const { store } = await openedStore(dataDir);
    for (let i = 0; i < 20; i += 1) await store.commit({ events: [auditEvent({ data: { padding: 'x'.repeat(3000) } })], changes: [] });
    await store.stop();
    const path = join(dataDir, 'gatehouse.db');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 8);
    writeFileSync(path, bytes);
    const reader = createSqliteReader({ dataDir });
    const verdict = await reader.start().then(
      async () => (await reader.verify()).ok,
      (error: unknown) => (error as { code: string }).code,
    );
    await reader.stop();
    expect([false, 'unavailable']).toContain(verdict);
    const opened = await openedStore(dataDir).catch((error: unknown) => (error as { code: string }).code);
    if (opened === 'unavailable') return;
    if (typeof opened === 'string') throw new Error(opened);
    expect((await opened.store.verify()).ok).toBe(false);
    await opened.store.stop();
  });

  test('F90: emptied to zero bytes starts a new log that says the old one is gone', async () => {
    const dataDir = await usedDataDir();
    truncateSync(join(dataDir, 'gatehouse.db'), 0);
    const { store } = await openedStore(dataDir);
    await store.commit(unit);
    expect(await store.verify()).toMatchObject({ ok: false, events: 1, problems: [{ seq: 1, kind: 'truncated' }] });
    await store.stop();
  });

  test('that is missing is made; a reader makes nothing', async () => {
    const dataDir = newDataDir();
    mkdirSync(dataDir, { mode: 0o700 });
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject({ code: 'not_found' });
    expect(readdirSync(dataDir)).toEqual([]);
    const { store } = await openedStore(dataDir);
    expect(await store.verify()).toMatchObject({ ok: true, events: 0, anchor: 'file' });
    await store.stop();
    rmSync(dataDir, { recursive: true });
    await expect(createSqliteReader({ dataDir }).start()).rejects.toMatchObject({ code: 'not_found' });
  });
});
