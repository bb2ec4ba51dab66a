import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet, FileVersion } from '../../../shared/domain/change.ts';
import { createFakeChangeFiles, type FakeChangeFiles } from '../../testing/fake-change-files.ts';
import { classifyByName } from '../../testing/change-world.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore, type FakeStore } from '../../testing/fake-store.ts';
import { newCallId, newTaskId } from '../../testing/store-records.ts';
import { createChangeBus } from '../change-bus.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { LayerChange } from '../ports/layers.ts';
import { createChangeSets, type ChangeSets } from './change-sets.ts';

const task = newTaskId();
const workspace = '/workspace';
const file = (content: string, mode = 0o644): FileVersion => ({ type: 'file', mode, size: content.length, sha256: sha256Hex(content) });

let files: FakeChangeFiles;
let store: FakeStore;
let changes: ChangeSets;
let told: string[];
let budgetMb: number;
beforeEach(() => {
  files = createFakeChangeFiles();
  const clock = createFakeClock();
  store = createFakeStore({ clock });
  told = [];
  budgetMb = 100;
  const onApplied = async (_task: string, paths: readonly string[]) => await Promise.resolve(void told.push(...paths));
  const deps = { store, files, clock, bus: createChangeBus(), classify: classifyByName, onApplied, budgetMb: () => budgetMb };
  changes = createChangeSets(deps);
});

/** A call that left these versions, null for what it deleted. */
async function collect(after: Record<string, FileVersion | null>, conflicts: readonly string[] = []): Promise<ChangeSet | null> {
  const found = Object.entries(after).map(([name, version]): LayerChange => {
    const path = `${workspace}/${name}`;
    return { path, workspace, before: files.tree.get(path) ?? null, after: version, isConflict: conflicts.includes(name) };
  });
  const view = { task, roots: [{ workspace, fd: 0 }], scan: async () => await Promise.resolve({ changes: found, skipped: [] }) };
  const call = { id: newCallId(), task_id: task, agent: 'robin', tool: 'bash', summary: 'true' };
  return await changes.collect({ call, view, writers: () => [], approved: new Map() });
}

describe('the journal of change sets', () => {
  it('takes back what was done when the disk gives out, and says so', async () => {
    files.putFile(`${workspace}/a`, 'old');
    const before = new Map(files.tree);
    files.failAfter(2, 1);
    await expect(collect({ a: file('new'), b: file('b'), c: file('c') })).rejects.toMatchObject({ code: 'unavailable' });
    expect(files.tree).toEqual(before);
    expect(await store.changeSets({ limit: 10 })).toMatchObject([{ state: 'rolled_back', entries: [{ state: 'failed' }, {}, {}] }]);
    expect(store.events().at(-1)).toMatchObject({ type: 'change_set.recovered', data: { how: 'rolled_back' } });
  });

  it('completes at the next occasion what could not even be taken back', async () => {
    files.putFile(`${workspace}/a`, 'old');
    const before = new Map(files.tree);
    files.failAfter(2);
    await expect(collect({ a: file('new'), b: file('b'), c: file('c') })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.changeSets({ states: ['applying'], limit: 10 })).toHaveLength(1);
    files.failAfter(null);
    await changes.start();
    const [set] = await store.changeSets({ limit: 10 });
    expect(set?.state).toBe('applied');
    expect(files.tree.get(`${workspace}/a`)).toEqual(file('new'));
    expect((await changes.undo(set!.id, 'window')).refused).toEqual([]);
    expect(files.tree).toEqual(before);
    expect(told).toContain(`${workspace}/a`);
  });

  it('changes nothing when the log cannot be written', async () => {
    store.fail('the disk is full');
    await expect(collect({ a: file('new') })).rejects.toMatchObject({ code: 'unavailable' });
    expect(files.tree.size).toBe(0);
    store.fail(null);
    expect(await collect({ a: file('new') })).toMatchObject({ state: 'applied' });
  });

  it('holds back what changed in the real tree meanwhile, whichever way that is found', async () => {
    files.putFile(`${workspace}/a`, 'mine');
    const set = await collect({ a: file('agent'), b: file('b') }, ['a']);
    expect(set?.entries).toMatchObject([
      { path: '/workspace/a', state: 'conflict', before: file('mine') },
      { path: '/workspace/b', state: 'applied' },
    ]);
    expect(files.tree.get('/workspace/a')).toEqual(file('mine'));
    expect(await changes.heldPaths(task)).toEqual(['/workspace/a']);
  });

  it('two decisions at once on one set: one is made', async () => {
    const set = await collect({ 'hold-a': file('a') });
    const decision = { id: set!.id, digest: set!.digest };
    const results = await Promise.allSettled([changes.drop(decision, 'window'), changes.accept(decision, 'console')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(files.tree.size).toBe(0);
    const decided = await store.auditEvents({ types: ['change_set.decided'], limit: 10 });
    expect(decided).toMatchObject([
      { actor: 'operator', data: { result: 'dropped', channel: 'window', paths: [{ path: '/workspace/hold-a' }] } },
    ]);
  });

  it('lets go of old contents beyond the budget, and such a set can no longer be undone; what waits keeps its content', async () => {
    files.putFile('/workspace/a', 'old');
    const set = await collect({ a: file('new'), 'hold-b': file('b') });
    budgetMb = 0;
    await changes.start();
    expect(await changes.get(set!.id)).toMatchObject({ undoable: false });
    await expect(changes.undo(set!.id, 'window')).rejects.toMatchObject({ code: 'unavailable' });
    const accepted = await changes.accept({ id: set!.id, digest: set!.digest }, 'window');
    expect(accepted.state).toBe('applied');
    expect(files.tree.get('/workspace/hold-b')).toEqual(file('b'));
  });

  it('a set that is already back is undone without a step', async () => {
    const set = await collect({ a: file('new') });
    files.tree.delete('/workspace/a');
    expect(await changes.undo(set!.id, 'window')).toMatchObject({ change_set: { state: 'undone' }, refused: [] });
    await expect(changes.undo(set!.id, 'window')).rejects.toMatchObject({ code: 'conflict' });
  });
});
