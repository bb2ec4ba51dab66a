import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createSqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import type { Store } from '../core/ports/store.ts';
import { createFakeClock } from './fake-clock.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A path for a data directory that does not exist yet, in a folder that is removed when the test file is done. */
export function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-store-'));
  folders.push(folder);
  return join(folder, 'data');
}

export interface OpenedStore {
  readonly store: Store;
  /** Every answer to "why can the log not be written", in order. */
  readonly told: (string | null)[];
}

/** A started store on a data directory. The caller stops it. */
export async function openedStore(dataDir: string): Promise<OpenedStore> {
  const told: (string | null)[] = [];
  const store = createSqliteStore({ dataDir, clock: createFakeClock(), onDegraded: (reason) => told.push(reason) });
  await store.start();
  return { store, told };
}
