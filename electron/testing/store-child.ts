// A process of its own around a store, for tests that kill it or take its disk away. Usage: store-child.ts MODE DATA_DIR
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import type { AuditEventType } from '../../shared/domain/audit.ts';
import { AppError } from '../../shared/errors.ts';
import { createFakeClock } from './fake-clock.ts';
import { auditEvent, callRecord } from './store-records.ts';

const [mode, dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: store-child.ts MODE DATA_DIR');
const told: (string | null)[] = [];
const store = createSqliteStore({ dataDir, clock: createFakeClock(), onDegraded: (reason) => told.push(reason) });
await store.start();

// Synchronous, so that a line is out before the next thing happens.
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`);

const PADDING = 'x'.repeat(40_000);

/** Commits one event and answers `ok` or the error's code. */
async function attempt(type: AuditEventType, padding = ''): Promise<string> {
  try {
    return (await store.commit({ events: [auditEvent({ type, data: { padding } })], changes: [] })).ok ? 'ok' : 'conflict';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

/** Eight writers at once, for ever; every unit that was acknowledged is said. */
async function writeForever(): Promise<void> {
  say('ready');
  const writer = async (): Promise<void> => {
    for (;;) {
      const call = callRecord();
      const event = auditEvent({ call_id: call.id });
      await store.commit({ events: [event, { ...event, type: 'execution.finished' }], changes: [{ kind: 'call.put', call }] });
      say(call.id);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}

/** Fills the file system that the data directory lies on, and frees it again. Says what each step came to. */
async function fillDisk(): Promise<void> {
  const ballast = join(dirname(dataDir ?? ''), 'ballast');
  const reserve = join(dataDir ?? '', 'audit.reserve');
  const before = await attempt('execution.started');
  fill(ballast);
  const opening = await attempt('execution.started', PADDING);
  const reasonWhenFull = told.at(-1);
  const closing = [await attempt('execution.finished', PADDING), await attempt('token.revoked')];
  const smallOpening = await attempt('execution.started');
  const isReserveSpent = !existsSync(reserve);
  const verifiedWhenFull = await store.verify();
  rmSync(ballast);
  await until(() => told.at(-1) === null);
  const after = await attempt('execution.started', PADDING);
  const verified = await store.verify();
  const reserveBytes = statSync(reserve).size;
  say({ before, opening, reasonWhenFull, closing, smallOpening, isReserveSpent, verifiedWhenFull, after, verified, reserveBytes });
  await store.stop();
}

function fill(path: string): void {
  const descriptor = openSync(path, 'w');
  for (let size = 65_536; size >= 1;) {
    try {
      writeSync(descriptor, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
  closeSync(descriptor);
}

/** Writes until a limit on file sizes stops it, then until the limit is gone. Says what it saw. */
async function hitLimit(): Promise<void> {
  let written = 0;
  while ((await attempt('execution.started', PADDING)) === 'ok') written += 1;
  say({ stoppedAfter: written, reason: told.at(-1), again: await attempt('execution.started'), verified: await store.verify() });
  await until(() => told.at(-1) === null);
  say({ after: await attempt('execution.started', PADDING), events: written + 1, verified: await store.verify() });
  await store.stop();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

if (mode === 'forever') await writeForever();
if (mode === 'fill') await fillDisk();
if (mode === 'limit') await hitLimit();
if (mode === 'hold') say(process.pid);
