import { pathToFileURL } from 'node:url';
import type * as sqlite from 'node:sqlite';

export type Database = sqlite.DatabaseSync;

/** Node's own SQLite; where Node has none (20, in development only), the package with the same interface. */
async function loadSqlite(): Promise<typeof sqlite> {
  // The types are those of a Node that always has both.
  const node: { readonly getBuiltinModule?: (name: string) => object | undefined } = process;
  const builtin = node.getBuiltinModule?.('node:sqlite') as typeof sqlite | undefined;
  return builtin ?? ((await import('@photostructure/sqlite')) as unknown as typeof sqlite);
}

/** Opens a connection that never waits for a lock: `SQLITE_BUSY` comes back at once, and the caller retries by a timer. */
export async function openDatabase(path: string): Promise<Database> {
  const { DatabaseSync } = await loadSqlite();
  return prepared(new DatabaseSync(path, { timeout: 0 }));
}

/** Opens for reading. `immutable` promises that nobody writes; only then does SQLite create no -wal and -shm beside the file. */
export async function openReadOnly(path: string, options: { readonly immutable: boolean }): Promise<Database> {
  const { DatabaseSync } = await loadSqlite();
  const url = pathToFileURL(path);
  if (options.immutable) url.searchParams.set('immutable', '1');
  return prepared(new DatabaseSync(url, { timeout: 0, readOnly: true }));
}

function prepared(db: Database): Database {
  db.exec('PRAGMA foreign_keys = ON');
  // SECURITY: a schema that somebody else wrote into the file may not call functions that have side effects.
  db.exec('PRAGMA trusted_schema = OFF');
  // SECURITY: without this, INSERT OR REPLACE deletes a row past the trigger that forbids it.
  db.exec('PRAGMA recursive_triggers = ON');
  return db;
}

/** Runs an action in a transaction that has the write lock from its start. What the action throws, it throws after the rollback. */
export function inTransaction<T>(db: Database, action: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = action();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** Some failures have rolled back already. */
export function rollBack(db: Database): void {
  if (db.isTransaction) db.exec('ROLLBACK');
}
