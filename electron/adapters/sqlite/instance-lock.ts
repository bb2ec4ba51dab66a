import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../shared/errors.ts';
import { openDatabase, openReadOnly, rollBack, type Database } from './database.ts';
import { isBusy } from './sqlite-errors.ts';
import { preparePrivateFile, type PermissionRepair } from './private-files.ts';

/** How long a start waits for a reader (`audit verify` with the host stopped) to be done. */
const READER_PATIENCE_MS = 3_000;
const RETRY_MS = 50;

export interface InstanceLock {
  readonly repairs: readonly PermissionRepair[];
  release(): void;
}

const lockPath = (dataDir: string): string => join(dataDir, 'lock.db');
const pidPath = (dataDir: string): string => join(dataDir, 'lock.pid');

/**
 * Takes the data directory for this process: an exclusive transaction that stays open. The kernel ends it with the process, however
 * that dies. Errors: `conflict` when another instance has it.
 */
export async function takeInstanceLock(dataDir: string): Promise<InstanceLock> {
  const repairs = preparePrivateFile(lockPath(dataDir), { create: true });
  const db = await openDatabase(lockPath(dataDir));
  try {
    await beginExclusive(db, dataDir);
  } catch (error) {
    db.close();
    throw error;
  }
  repairs.push(...notePid(dataDir));
  return {
    repairs,
    release() {
      rmSync(pidPath(dataDir), { force: true });
      rollBack(db);
      db.close();
    },
  };
}

// The process id is in a file of its own: reading lock.db by any other way than SQLite would drop this process's lock on it.
function notePid(dataDir: string): PermissionRepair[] {
  const repairs = preparePrivateFile(pidPath(dataDir), { create: true });
  writeFileSync(pidPath(dataDir), `${process.pid}\n`);
  return repairs;
}

async function beginExclusive(db: Database, dataDir: string): Promise<void> {
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      db.exec('BEGIN EXCLUSIVE');
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      // Readers share the lock and are gone soon; an instance does not share.
      if (waited >= READER_PATIENCE_MS || !canShare(db)) throw heldBy(dataDir);
    }
    await sleep(RETRY_MS);
  }
}

function canShare(db: Database): boolean {
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/**
 * Keeps an instance from starting while a reader reads; creates and changes no file. Null when no instance has ever run here.
 * Errors: `conflict` when one is running.
 */
export async function shareInstanceLock(dataDir: string): Promise<{ release(): void } | null> {
  if (!existsSync(lockPath(dataDir))) return null;
  const db = await openReadOnly(lockPath(dataDir), { immutable: false });
  const release = (): void => {
    rollBack(db);
    db.close();
  };
  try {
    db.exec('BEGIN');
    if (canShare(db)) return { release };
  } catch (error) {
    release();
    throw error;
  }
  release();
  throw heldBy(dataDir);
}

function heldBy(dataDir: string): AppError {
  const pid = knownPid(dataDir);
  const who = pid === null ? 'Another Gatehouse' : `Another Gatehouse (process ${pid})`;
  return new AppError('conflict', `${who} is using the data directory ${dataDir}. Use that one, or stop it first.`);
}

function knownPid(dataDir: string): string | null {
  try {
    const text = readFileSync(pidPath(dataDir), 'utf8').trim();
    return /^\d{1,10}$/.test(text) ? text : null;
  } catch {
    return null;
  }
}
