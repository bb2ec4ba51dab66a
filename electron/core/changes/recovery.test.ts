import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet, ChangeSetId } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { createChangeWorld, growTree, type ChangeWorld } from '../../testing/change-world.ts';
import { openedStore } from '../../testing/store-fixture.ts';
import { treeSnapshot } from '../../testing/tree-snapshot.ts';
import type { Store } from '../ports/store.ts';

const MINUTE = 60_000;
const child = fileURLToPath(new URL('../../testing/change-child.ts', import.meta.url));

let world: ChangeWorld;
let store: Store | null;
beforeEach(() => {
  world = createChangeWorld();
  store = null;
  growTree(world.workspace, 300);
  world.copy();
  // 500 entries and more of every kind: changed, gone, moved, new.
  rmSync(join(world.merged, 'd1'), { recursive: true });
  rmSync(join(world.merged, 'd2'), { recursive: true });
  for (const folder of readdirSync(join(world.merged, 'd3'))) {
    for (const name of readdirSync(join(world.merged, 'd3', folder))) rmSync(join(world.merged, 'd3', folder, name));
  }
  growTree(join(world.merged, 'd4'), 450);
  for (let index = 0; index < 50; index += 1) writeFileSync(join(world.merged, `new-${index}`), `new ${index}`);
});
afterEach(async () => {
  await store?.stop();
  for (const path of ['workspace/d0', 'merged/d0', 'workspace/d4/d0', 'merged/d4/d0']) {
    try {
      chmodSync(join(world.folder, path, 'sealed'), 0o755);
    } catch {
      // Not there in this test.
    }
  }
  world.remove();
});

/** Runs the child and kills it at its nth step; answers whether it was killed before it was done. */
async function killedAt(step: number, mode: 'collect' | 'undo', id?: ChangeSetId): Promise<boolean> {
  const args = [child, world.folder, mode, ...(id === undefined ? [] : [id])];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let steps = 0;
  let isDone = false;
  createInterface({ input: running.stdout }).on('line', (line) => {
    if (line === 'done') isDone = true;
    if (line === 'step') steps += 1;
    if (steps === step) running.kill('SIGKILL');
  });
  await new Promise((resolve) => running.once('close', resolve));
  return !isDone;
}

/** Opens what the child left, as the next start does, with contents that a test may take away before. */
async function restarted(lose: (set: ChangeSet) => readonly Digest[] = () => []): Promise<ChangeWorld> {
  store = (await openedStore(world.dataDir)).store;
  const next = createChangeWorld({ folder: world.folder, store });
  const [set] = await store.changeSets({ limit: 1 });
  if (set !== undefined) for (const sha256 of lose(set)) rmSync(join(world.dataDir, 'preimages', sha256.slice(0, 2), sha256));
  await next.changes.start();
  return next;
}

describe('a gateway that is killed while it applies a change set of more than 500 entries', () => {
  it.each(Array.from({ length: 4 }, (_, index) => [index]))('completes it at the next start (%i)', { timeout: 2 * MINUTE }, async () => {
    const [before, after] = [treeSnapshot(world.workspace), treeSnapshot(world.merged)];
    const step = randomInt(1, 560);
    expect(await killedAt(step, 'collect'), `killed at step ${step}`).toBe(true);
    const left = treeSnapshot(world.workspace);
    if (step > 100) expect(left).not.toEqual(before);
    expect(left).not.toEqual(after);
    const next = await restarted();
    expect(treeSnapshot(world.workspace)).toEqual(after);
    const [set] = await next.changes.list({ state: 'all', limit: 10 });
    expect(set).toMatchObject({ state: 'applied', undoable: true });
    expect(set?.entries.length).toBeGreaterThan(500);
    expect(await next.store.auditEvents({ types: ['change_set.recovered'], limit: 10 })).toMatchObject([{ data: { how: 'completed' } }]);
    expect((await next.changes.undo(set!.id, 'window')).refused).toEqual([]);
    expect(treeSnapshot(world.workspace)).toEqual(before);
  });

  it('rolls it back where what it was to write is lost', { timeout: 2 * MINUTE }, async () => {
    const before = treeSnapshot(world.workspace);
    expect(await killedAt(randomInt(200, 560), 'collect')).toBe(true);
    const old = new Set(Object.values(before).map((version) => (version.type === 'file' ? version.sha256 : null)));
    const next = await restarted(({ entries }) => {
      const fresh = entries.find(({ after }) => after?.type === 'file' && !old.has(after.sha256))?.after;
      return fresh?.type === 'file' ? [fresh.sha256] : [];
    });
    expect(treeSnapshot(world.workspace)).toEqual(before);
    expect((await next.changes.list({ state: 'all', limit: 10 }))[0]).toMatchObject({ state: 'rolled_back' });
    expect(await next.store.auditEvents({ types: ['change_set.recovered'], limit: 10 })).toMatchObject([{ data: { how: 'rolled_back' } }]);
  });

  it('completes an undo that was killed', { timeout: 2 * MINUTE }, async () => {
    const before = treeSnapshot(world.workspace);
    const first = await restarted();
    const set = await first.collect();
    await store?.stop();
    store = null;
    expect(await killedAt(randomInt(50, 500), 'undo', set!.id)).toBe(true);
    expect(treeSnapshot(world.workspace)).not.toEqual(before);
    const next = await restarted();
    expect(treeSnapshot(world.workspace)).toEqual(before);
    expect((await next.changes.get(set!.id)).state).toBe('undone');
  });
});
