import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../core/ports/store.ts';
import { describeJudgedCalls } from '../../testing/judged-contract.ts';
import { describeStore } from '../../testing/store-contract.ts';
import { newDataDir, openedStore } from '../../testing/store-fixture.ts';
import { callRecord } from '../../testing/store-records.ts';
import { openDatabase } from './database.ts';
import { createSqliteReader } from './sqlite-reader.ts';
import { createSqliteStore } from './sqlite-store.ts';

describeStore('the SQLite store', async (clock) => createSqliteStore({ dataDir: newDataDir(), clock, onDegraded: () => undefined }));
describeJudgedCalls('the SQLite store', async (clock) => createSqliteStore({ dataDir: newDataDir(), clock, onDegraded: () => undefined }));

test('calls of before the judged ones were kept are found in their own rows', async () => {
  const dataDir = newDataDir();
  const { store } = await openedStore(dataDir);
  const verdict = { effect: 'allow', rule: 'a', reason: 'r', profile: 'default', policy_version: 'v1' } as const;
  const old = [callRecord({ verdict }), callRecord({ verdict })];
  for (const call of old) await store.commit({ events: [], changes: [{ kind: 'call.put', call }] });
  await store.stop();
  const alter = async (sql: string) => {
    const db = await openDatabase(join(dataDir, 'gatehouse.db'));
    db.exec(`${sql}; PRAGMA wal_checkpoint(TRUNCATE)`);
    db.close();
  };
  const ids = async (from: Pick<Store, 'judgedCalls'>) =>
    (await from.judgedCalls({ from: null, limit: 9 })).calls.map((call) => call.call_id);

  // As the migration leaves them.
  await alter('UPDATE judged_calls SET body = NULL');
  const { store: migrated } = await openedStore(dataDir);
  expect(await ids(migrated)).toEqual(old.map(({ id }) => id).reverse());
  expect((await migrated.judgedCalls({ from: null, limit: 9 })).calls[0]).toMatchObject({ exact: false, effect: 'allow' });
  await migrated.stop();

  // As a reader finds them where no host of this version has started yet.
  await alter('DROP TABLE judged_calls');
  const reader = createSqliteReader({ dataDir });
  await reader.start();
  expect(await ids(reader)).toEqual(old.map(({ id }) => id).reverse());
  await reader.stop();
});
