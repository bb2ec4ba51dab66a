// A process of its own that collects a change set, for tests that kill it in the middle. Usage: change-child.ts FOLDER collect|undo [ID]
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import { createChangeFiles } from '../adapters/change-files/change-files.ts';
import type { ChangeSetId } from '../../shared/domain/change.ts';
import { createChangeWorld } from './change-world.ts';
import { createFakeClock } from './fake-clock.ts';

const [folder, mode, id] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: change-child.ts FOLDER collect|undo [ID]');
const dataDir = join(folder, 'data');
const store = createSqliteStore({ dataDir, clock: createFakeClock(), onDegraded: () => undefined });
await store.start();
const files = createChangeFiles({ dataDir, protectedPaths: [dataDir] });

// Synchronous, so that a line is out before the next thing happens.
const say = (line: string): void => void writeSync(1, `${line}\n`);
// Steps begin no faster than the other side can count and kill.
let last: Promise<unknown> = Promise.resolve();
const pace = async (): Promise<unknown> => await (last = last.then(async () => await sleep(1)));

const world = createChangeWorld({
  folder,
  store,
  files: {
    ...files,
    apply: async (step) => {
      await pace();
      say('step');
      return await files.apply(step);
    },
  },
});
if (mode === 'collect') await world.collect();
else await world.changes.undo(id as ChangeSetId, 'window');
say('done');
await store.stop();
