import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditVerification } from '../../../shared/domain/audit.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import type { JsonValue } from '../../../shared/json.ts';
import { chainHash } from '../../core/audit/chain.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { runStoreChild } from '../../testing/run-store-child.ts';
import { newDataDir, openedStore } from '../../testing/store-fixture.ts';
import { auditEvent, callRecord } from '../../testing/store-records.ts';
import { openDatabase, type Database } from './database.ts';
import { createSqliteReader } from './sqlite-reader.ts';

const EVENTS = 12;
let dataDir: string;

beforeEach(async () => {
  dataDir = newDataDir();
  const { store } = await openedStore(dataDir);
  for (let index = 1; index <= EVENTS; index += 1)
    await store.commit({ events: [auditEvent({ agent: `agent-${index}`, data: { index } })], changes: [] });
  await store.stop();
});

/** Verifies as the command line does while no host runs. */
async function verifyOffline(): Promise<AuditVerification> {
  const reader = createSqliteReader({ dataDir });
  await reader.start();
  try {
    return await reader.verify();
  } finally {
    await reader.stop();
  }
}

/** What somebody with the file and SQLite can do. */
async function tamper(action: (db: Database) => void): Promise<void> {
  const db = await openDatabase(join(dataDir, 'gatehouse.db'));
  for (const trigger of ['updated', 'deleted', 'appended']) {
    const verb = trigger === 'appended' ? 'are_appended' : `are_not_${trigger}`;
    db.exec(`DROP TRIGGER audit_events_${verb}`);
  }
  action(db);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

const sql =
  (...statements: string[]) =>
  (db: Database): void => {
    for (const statement of statements) db.exec(statement);
  };

const shiftFrom = (seq: number): string[] => [
  `UPDATE audit_events SET seq = -(seq + 1) WHERE seq >= ${seq}`,
  'UPDATE audit_events SET seq = -seq WHERE seq < 0',
];

/** Makes every hash from a row on right again, as an attacker would who knows the format. */
function rehashFrom(db: Database, first: number): void {
  let previous = String(db.prepare('SELECT hash FROM audit_events WHERE seq = ?').get(first - 1)?.['hash']) as Digest;
  for (const row of db.prepare('SELECT seq, body FROM audit_events WHERE seq >= ? ORDER BY seq').all(first)) {
    previous = chainHash(previous, String(row['body']));
    db.prepare('UPDATE audit_events SET hash = ? WHERE seq = ?').run(previous, Number(row['seq']));
  }
}

const EDIT = `UPDATE audit_events SET body = replace(body, '"index":5', '"index":6') WHERE seq = 5`;

describe('F90: tampering is detected and named', () => {
  test('an untouched log verifies, and looking at it changes no file', async () => {
    const look = (): unknown =>
      readdirSync(dataDir).map((name) => [
        name,
        statSync(join(dataDir, name)).mtimeMs,
        readFileSync(join(dataDir, name)).toString('base64'),
      ]);
    const before = look();
    expect(await verifyOffline()).toMatchObject({ ok: true, events: EVENTS, anchor: 'file', problems: [] });
    expect(look()).toEqual(before);
  });

  test.each<[string, (db: Database) => void, { seq: number; kind: string }]>([
    ['an edited row', sql(EDIT), { seq: 5, kind: 'hash_mismatch' }],
    ['an edited row whose hash was made right', (db) => (db.exec(EDIT), rehashOne(db, 5)), { seq: 6, kind: 'hash_mismatch' }],
    [
      'an edited row with the whole chain behind it made right',
      (db) => (db.exec(EDIT), rehashFrom(db, 5)),
      { seq: EVENTS, kind: 'hash_mismatch' },
    ],
    [
      'an edited hash',
      sql("UPDATE audit_events SET hash = replace(hash, substr(hash, 1, 1), 'z') WHERE seq = 4"),
      { seq: 4, kind: 'malformed' },
    ],
    ['a deleted row', sql('DELETE FROM audit_events WHERE seq = 7'), { seq: 7, kind: 'gap' }],
    ['the first row deleted', sql('DELETE FROM audit_events WHERE seq = 1'), { seq: 1, kind: 'gap' }],
    ['the last row deleted', sql(`DELETE FROM audit_events WHERE seq = ${EVENTS}`), { seq: EVENTS, kind: 'truncated' }],
    ['every row deleted', sql('DELETE FROM audit_events'), { seq: 1, kind: 'truncated' }],
    [
      'a deleted row, closed up',
      sql('DELETE FROM audit_events WHERE seq = 7', 'UPDATE audit_events SET seq = seq - 1 WHERE seq > 7'),
      { seq: 7, kind: 'reordered' },
    ],
    [
      'two rows swapped',
      sql('UPDATE audit_events SET seq = -seq WHERE seq IN (3, 4)', 'UPDATE audit_events SET seq = 7 + seq WHERE seq < 0'),
      { seq: 3, kind: 'reordered' },
    ],
    [
      'an inserted row',
      sql(
        ...shiftFrom(6),
        'INSERT INTO audit_events SELECT 6, time, type, agent, call_id, replace(body, \'"seq":5\', \'"seq":6\'), hash FROM audit_events WHERE seq = 5',
      ),
      { seq: 6, kind: 'hash_mismatch' },
    ],
    [
      'a row slipped in before the first',
      sql('INSERT INTO audit_events SELECT 0, time, type, agent, call_id, body, hash FROM audit_events WHERE seq = 1'),
      { seq: 0, kind: 'reordered' },
    ],
    ['a well-formed row appended after the stop', appendForged, { seq: EVENTS + 1, kind: 'hash_mismatch' }],
    [
      'a column that hides a row from filters',
      sql("UPDATE audit_events SET agent = 'nobody' WHERE seq = 9"),
      { seq: 9, kind: 'column_mismatch' },
    ],
    ['a column set to nothing', sql('UPDATE audit_events SET agent = NULL WHERE seq = 9'), { seq: 9, kind: 'column_mismatch' }],
    ['a body that is not JSON', sql("UPDATE audit_events SET body = 'x' WHERE seq = 2"), { seq: 2, kind: 'hash_mismatch' }],
    ['an event table that is gone', sql('DROP TABLE audit_events'), { seq: 1, kind: 'unreadable' }],
  ])('%s', async (_name, action, problem) => {
    await tamper(action);
    const verified = await verifyOffline();
    expect(verified.ok).toBe(false);
    expect(verified.problems[0]).toEqual(problem);
  });

  test('an older copy of the database put back is a truncation, and stays one after new events', async () => {
    const old = join(dataDir, '..', 'old');
    mkdirSync(old);
    cpSync(join(dataDir, 'gatehouse.db'), join(old, 'gatehouse.db'));
    const first = await openedStore(dataDir);
    await first.store.commit({ events: [auditEvent(), auditEvent()], changes: [] });
    await first.store.stop();
    expect((await verifyOffline()).ok).toBe(true);
    cpSync(join(old, 'gatehouse.db'), join(dataDir, 'gatehouse.db'));
    expect((await verifyOffline()).problems).toEqual([{ seq: EVENTS + 1, kind: 'truncated' }]);
    const { store } = await openedStore(dataDir);
    await store.commit({ events: Array.from({ length: 5 }, () => auditEvent()), changes: [] });
    expect(await store.verify()).toMatchObject({ ok: false, anchor: 'file', problems: [{ seq: EVENTS + 1, kind: 'truncated' }] });
    await store.stop();
    expect((await verifyOffline()).problems).toEqual([{ seq: EVENTS + 1, kind: 'truncated' }]);
  });

  test.each(['audit.head', 'audit.key'])('a missing %s counts against the log, and stays on record', async (file) => {
    rmSync(join(dataDir, file));
    const problems = [{ seq: EVENTS, kind: 'unreadable' }];
    expect(await verifyOffline()).toMatchObject({ ok: false, anchor: 'none', problems });
    const { store } = await openedStore(dataDir);
    await store.commit({ events: [auditEvent()], changes: [] });
    await store.stop();
    expect(await verifyOffline()).toMatchObject({ ok: false, anchor: 'file', problems });
  });

  test('a head file that was written without the key is not believed', async () => {
    const path = join(dataDir, 'audit.head');
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"count":${EVENTS}`, '"count":3'));
    expect(await verifyOffline()).toMatchObject({ ok: false, anchor: 'none', problems: [{ seq: EVENTS, kind: 'unreadable' }] });
  });

  test('after a crash the head file may lag; the newest rows are read without touching the files', async () => {
    const child = runStoreChild('forever', dataDir);
    await child.line(40);
    child.process.kill('SIGKILL');
    await child.ended();
    const before = readdirSync(dataDir).map((name) => [name, statSync(join(dataDir, name)).mtimeMs]);
    const verified = await verifyOffline();
    expect(verified).toMatchObject({ ok: true, anchor: 'file', problems: [] });
    expect(verified.events).toBeGreaterThan(EVENTS + 60);
    expect(readdirSync(dataDir).map((name) => [name, statSync(join(dataDir, name)).mtimeMs])).toEqual(before);
  });

  test('tampering while the gateway runs stops the log instead of being built upon', async () => {
    const { store, told } = await openedStore(dataDir);
    await store.commit({ events: [auditEvent()], changes: [] });
    await tamper(sql(`DELETE FROM audit_events WHERE seq > 10`));
    const call = callRecord();
    await expect(store.commit({ events: [auditEvent()], changes: [{ kind: 'call.put', call }] })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(told.at(-1)).toContain('changed by another program');
    expect(await store.call(call.id)).toBeNull();
    expect(await store.verify()).toMatchObject({ ok: false, problems: [{ seq: 11, kind: 'truncated' }] });
    await store.stop();
  });

  test('a tampered row is not shown as evidence', async () => {
    await tamper(sql(`UPDATE audit_events SET body = replace(body, '"index":5', '"index": 5') WHERE seq = 5`));
    const { store } = await openedStore(dataDir);
    await expect(store.auditEvents({ limit: 100 })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.auditEvents({ limit: 3 })).toHaveLength(3);
    await store.stop();
  });
});

test.each([
  "UPDATE audit_events SET body = '{}' WHERE seq = 1",
  'DELETE FROM audit_events WHERE seq = 12',
  'DELETE FROM audit_events',
  'INSERT OR REPLACE INTO audit_events SELECT seq, time, type, agent, call_id, body, hash FROM audit_events WHERE seq = 3',
  'INSERT INTO audit_events SELECT 99, time, type, agent, call_id, body, hash FROM audit_events WHERE seq = 3',
])('the table itself refuses: %s', async (statement) => {
  const db = await openDatabase(join(dataDir, 'gatehouse.db'));
  expect(() => db.exec(statement)).toThrow(/audit events are/);
  db.exec('INSERT INTO audit_events SELECT 13, time, type, agent, call_id, body, hash FROM audit_events WHERE seq = 3');
  db.close();
});

function rehashOne(db: Database, seq: number): void {
  const previous = String(db.prepare('SELECT hash FROM audit_events WHERE seq = ?').get(seq - 1)?.['hash']) as Digest;
  const body = String(db.prepare('SELECT body FROM audit_events WHERE seq = ?').get(seq)?.['body']);
  db.prepare('UPDATE audit_events SET hash = ? WHERE seq = ?').run(chainHash(previous, body), seq);
}

function appendForged(db: Database): void {
  const last = db.prepare('SELECT * FROM audit_events WHERE seq = ?').get(EVENTS);
  const body = canonicalJson({ ...(JSON.parse(String(last?.['body'])) as Record<string, JsonValue>), seq: EVENTS + 1 });
  const hash = chainHash(String(last?.['hash']) as Digest, body);
  db.prepare('INSERT INTO audit_events SELECT ?, time, type, agent, call_id, ?, ? FROM audit_events WHERE seq = ?').run(
    EVENTS + 1,
    body,
    hash,
    EVENTS,
  );
}
