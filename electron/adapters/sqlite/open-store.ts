import { closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditVerification } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import { openDatabase, type Database } from './database.ts';
import { anchorHeadPath, anchorKeyPath, openFileAnchor } from './file-anchor.ts';
import { createGroupCommit } from './group-commit.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { createLogWriter, type LogWriter } from './log-writer.ts';
import { preparePrivateDirectory, preparePrivateFile, type PermissionRepair } from './private-files.ts';
import { createReserveFile } from './reserve-file.ts';
import { migrate, refuseNewerSchema } from './schema.ts';
import { reasonOf } from './sqlite-errors.ts';
import { createStoreQueries, type StoreQueries } from './store-queries.ts';
import { createHashReader, verifyDatabase } from './verify-database.ts';

export const databasePath = (dataDir: string): string => join(dataDir, 'gatehouse.db');

/** The open database with everything around it, on the thread that may block. */
export interface OpenStore {
  readonly writer: LogWriter;
  readonly queries: StoreQueries;
  readonly repairs: readonly PermissionRepair[];
  verify(): Promise<AuditVerification>;
  close(): Promise<void>;
}

/**
 * Locks, checks, opens and migrates. Errors: `conflict` when another instance has the folder; `unavailable` when the folder or a file
 * is not ours alone, or the database is damaged, newer or unreadable. After an error nothing stays open.
 */
export async function openStore(dataDir: string, onDegraded: (reason: string | null) => void): Promise<OpenStore> {
  try {
    return await openLocked(dataDir, onDegraded);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const message = `The data directory ${dataDir} cannot be used: ${reasonOf(error)}. Mend that, or name another folder with --data-dir.`;
    throw new AppError('unavailable', message, { cause: error });
  }
}

async function openLocked(dataDir: string, onDegraded: (reason: string | null) => void): Promise<OpenStore> {
  const repairs = preparePrivateDirectory(dataDir);
  // First of all: preparing the files of a running instance would not be ours to do.
  const lock = await takeInstanceLock(dataDir);
  try {
    repairs.push(...lock.repairs, ...prepareFiles(dataDir));
    const opened = await openWritable(databasePath(dataDir), (db) => assemble(db, dataDir, onDegraded));
    return {
      ...opened,
      repairs,
      async close() {
        await opened.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function assemble(db: Database, dataDir: string, onDegraded: (reason: string | null) => void): Promise<Omit<OpenStore, 'repairs'>> {
  const degradation = createDegradation(onDegraded);
  const group = createGroupCommit(db);
  const anchor = openFileAnchor({ dataDir, onDegraded: degradation.anchor }, group.head(), createHashReader(db));
  // Events without an anchor count as tampering, so there is one before the first event.
  await anchor.settled();
  const reserve = createReserveFile(join(dataDir, 'audit.reserve'));
  const writer = createLogWriter({ group, reserve, onCommitted: (head) => anchor.advance(head), onDegraded: degradation.writer });
  return {
    writer,
    queries: createStoreQueries(db),
    verify: () => verifyDatabase({ db, dataDir, written: writer.head() }),
    async close() {
      await writer.stop();
      await anchor.close();
      closeDatabase(db);
    },
  };
}

// SQLite gives -wal and -shm the mode of the database; those that a crash left behind may be looser.
function prepareFiles(dataDir: string): PermissionRepair[] {
  const path = databasePath(dataDir);
  const beside = [`${path}-wal`, `${path}-shm`, anchorKeyPath(dataDir), anchorHeadPath(dataDir), join(dataDir, 'audit.reserve')];
  const repairs = [path, ...beside].flatMap((file) => preparePrivateFile(file, { create: file === path }));
  syncDirectory(dataDir);
  return repairs;
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function openWritable<T>(path: string, use: (db: Database) => Promise<T>): Promise<T> {
  const db = await openDatabase(path);
  try {
    refuseNewerSchema(db, path);
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal')
      throw new AppError(
        'unavailable',
        `The database ${path} cannot be written ahead (journal mode ${String(mode)}). Move it to a local disk.`,
      );
    // SECURITY: nothing is acknowledged before it is on disk; NORMAL would sync only at checkpoints.
    db.exec('PRAGMA synchronous = FULL');
    migrate(db);
    return await use(db);
  } catch (error) {
    db.close();
    if (error instanceof AppError) throw error;
    throw cannotOpen(path, error);
  }
}

export const cannotOpen = (path: string, cause: unknown): AppError =>
  new AppError(
    'unavailable',
    `The database ${path} cannot be opened: ${reasonOf(cause)}. Restore a backup, or move the file away to start a new log.`,
    { cause },
  );

function closeDatabase(db: Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // On a full disk it stays in the -wal, which the next start reads.
  }
  db.close();
}

// Two things can fail by themselves; the log is well when both are. Told only when the answer changes.
function createDegradation(tell: (reason: string | null) => void): Record<'writer' | 'anchor', (reason: string | null) => void> {
  const reasons = { writer: null as string | null, anchor: null as string | null };
  let told: string | null = null;
  const set = (source: keyof typeof reasons, reason: string | null): void => {
    reasons[source] = reason;
    const now = reasons.writer ?? reasons.anchor;
    if (now === told) return;
    told = now;
    tell(now);
  };
  return { writer: (reason) => set('writer', reason), anchor: (reason) => set('anchor', reason) };
}
