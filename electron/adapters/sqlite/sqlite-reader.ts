import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import { openReadOnly, type Database } from './database.ts';
import { shareInstanceLock } from './instance-lock.ts';
import { cannotOpen, databasePath } from './open-store.ts';
import { refuseNewerSchema } from './schema.ts';
import { createStoreQueries } from './store-queries.ts';
import { verifyDatabase } from './verify-database.ts';

/** The part of the store that the command line needs while no host runs. */
export type StoreReader = Omit<Store, 'commit'>;

interface Opened {
  readonly db: Database;
  readonly close: () => void;
}

/**
 * Opens a data directory to read it, and neither creates nor changes a file there. `start` errors: `not_found` when there is no
 * database, `conflict` when an instance is running (ask that one), `unavailable` when the database cannot be read.
 */
export function createSqliteReader({ dataDir }: { readonly dataDir: string }): StoreReader {
  let opened: Opened | null = null;
  const db = (): Database => {
    if (opened === null) throw new AppError('unavailable', 'The log is not open.');
    return opened.db;
  };
  return {
    async start() {
      opened = await open(dataDir);
    },
    async stop() {
      opened?.close();
      opened = null;
    },
    verify: async () => verifyDatabase({ db: db(), dataDir, written: null }),
    tokens: async () => createStoreQueries(db()).tokens(),
    approvals: async (filter) => createStoreQueries(db()).approvals(filter),
    approval: async (id) => createStoreQueries(db()).approval(id),
    calls: async (filter) => createStoreQueries(db()).calls(filter),
    call: async (id) => createStoreQueries(db()).call(id),
    judgedCalls: async (page) => createStoreQueries(db()).judgedCalls(page),
    changeSets: async (filter) => createStoreQueries(db()).changeSets(filter),
    changeSet: async (id) => createStoreQueries(db()).changeSet(id),
    openTask: async (token) => createStoreQueries(db()).openTask(token),
    counts: async (since) => createStoreQueries(db()).counts(since),
    auditEvents: async (query) => createStoreQueries(db()).auditEvents(query),
    auditRows: async (range) => createStoreQueries(db()).auditRows(range),
    auditHead: async () => createStoreQueries(db()).auditHead(),
  };
}

async function open(dataDir: string): Promise<Opened> {
  if (!existsSync(databasePath(dataDir)))
    throw new AppError('not_found', `There is no Gatehouse database in ${dataDir}. Name the right folder with --data-dir.`);
  const lock = await shareInstanceLock(dataDir);
  const path = databasePath(dataDir);
  let scratch: string | null = null;
  const tidy = (): void => {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
    lock?.release();
  };
  try {
    scratch = hasUnwrittenPages(path) ? copyAside(path) : null;
    const db = await openReadOnly(scratch === null ? path : databasePath(scratch), { immutable: scratch === null });
    refuseNewerSchema(db, path);
    return {
      db,
      close() {
        db.close();
        tidy();
      },
    };
  } catch (error) {
    tidy();
    throw error instanceof AppError ? error : cannotOpen(path, error);
  }
}

// After a crash the newest rows are in the -wal only, and SQLite cannot read that without writing beside it.
const hasUnwrittenPages = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

/** Copies the database and its -wal to a private folder (0700, as mkdtemp makes it) and answers that. */
function copyAside(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-read-'));
  try {
    copyFileSync(path, databasePath(folder));
    copyFileSync(`${path}-wal`, `${databasePath(folder)}-wal`);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
