import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { createChangeWorld, growTree, type ChangeWorld } from '../../testing/change-world.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { ApprovedContent } from './change-set-parts.ts';
import { JobId } from '../../../shared/domain/job.ts';
import { changeEntry, changeSet, newCallId } from '../../testing/store-records.ts';
import { treeSnapshot } from '../../testing/tree-snapshot.ts';

let world: ChangeWorld;
beforeEach(() => {
  world = createChangeWorld();
});
afterEach(() => world.remove());

const real = (path: string): string => join(world.workspace, path);
const seen = (path: string): string => join(world.merged, path);
const states = (set: ChangeSet | null): Record<string, string> =>
  Object.fromEntries((set?.entries ?? []).map(({ path, state }) => [path.slice(world.workspace.length + 1), state]));
const shown = (content: string, mode = 0o644) => ({ sha256: sha256Hex(content), mode });
/** What a call left, with something for the test that stays in its layer. */
async function collected(approved: ReadonlyMap<string, ApprovedContent> = new Map()): Promise<ChangeSet> {
  const set = await world.collect(approved);
  if (set === null) throw new Error('nothing was collected');
  return set;
}

describe('collecting what a call changed', () => {
  it('applies ordinary changes of every kind at once, and undo puts them back', async () => {
    writeFileSync(real('modified'), 'old\nsame\n');
    writeFileSync(real('deleted'), 'gone');
    writeFileSync(real('moved'), 'the same content');
    writeFileSync(real('mode'), 'x', { mode: 0o644 });
    writeFileSync(real('becomes-folder'), 'x');
    mkdirSync(real('becomes-file/deep/er'), { recursive: true });
    writeFileSync(real('becomes-file/deep/er/a'), 'a');
    symlinkSync('deleted', real('link'));
    const before = treeSnapshot(world.workspace);
    world.copy();
    writeFileSync(seen('modified'), 'new\nsame\nmore\n');
    rmSync(seen('deleted'));
    renameSync(seen('moved'), seen('elsewhere'));
    chmodSync(seen('mode'), 0o600);
    rmSync(seen('becomes-folder'));
    mkdirSync(seen('becomes-folder/with'), { recursive: true });
    writeFileSync(seen('becomes-folder/with/file'), 'y');
    rmSync(seen('becomes-file'), { recursive: true });
    writeFileSync(seen('becomes-file'), 'a file now');
    rmSync(seen('link'));
    symlinkSync('modified', seen('link'));
    mkdirSync(seen('new/er'), { recursive: true });
    writeFileSync(seen('new/er/file'), 'n');
    chmodSync(seen('new/er'), 0o555);
    const after = treeSnapshot(world.merged);

    const set = await collected();
    expect(treeSnapshot(world.workspace)).toEqual(after);
    expect(set).toMatchObject({ state: 'applied', undoable: true });
    expect(set.entries.find(({ path }) => path === real('elsewhere'))).toMatchObject({ kind: 'renamed', from: real('moved') });
    expect(set.entries.find(({ path }) => path === real('modified'))).toMatchObject({ is_text: true, lines: { added: 2, removed: 1 } });
    expect(await world.collect()).toBeNull();

    const { change_set, refused } = await world.changes.undo(set.id, 'window');
    expect(refused).toEqual([]);
    expect(change_set.state).toBe('undone');
    expect(treeSnapshot(world.workspace)).toEqual(before);
    const events = await world.store.auditEvents({ after_seq: 0, limit: 100 });
    expect(events.map(({ type }) => type)).toEqual([
      'change_set.collected',
      'change_set.applied',
      'change_set.decided',
      'change_set.undone',
    ]);
    chmodSync(seen('new/er'), 0o755);
  });

  it('holds and drops as it is told, asks once, and lets a later version take the place of an earlier', async () => {
    world.copy();
    for (const name of ['plain', 'hold-me', 'drop-me']) writeFileSync(seen(name), 'one');
    const set = await collected();
    expect(states(set)).toEqual({ plain: 'applied', 'hold-me': 'held', 'drop-me': 'dropped' });
    expect(set.state).toBe('partly_held');
    expect(existsSync(real('hold-me'))).toBe(false);
    expect(await world.changes.heldPaths(world.task)).toEqual([real('hold-me')]);
    expect(await world.collect()).toBeNull();

    writeFileSync(seen('hold-me'), 'two');
    const next = await collected();
    expect(states(next)).toEqual({ 'hold-me': 'held' });
    const old = await world.changes.get(set.id);
    expect(old.entries.find(({ path }) => path === real('hold-me'))).toMatchObject({ state: 'dropped', rule: 'builtin:superseded' });
    await expect(world.changes.accept({ id: set.id, digest: set.digest }, 'window')).rejects.toMatchObject({ code: 'conflict' });
    expect((await world.changes.list({ state: 'open', limit: 10 })).map(({ id }) => id)).toEqual([next.id]);

    rmSync(seen('hold-me'));
    expect(await world.collect()).toBeNull();
    expect((await world.changes.get(next.id)).state).toBe('dropped');
    expect(await world.changes.heldPaths(world.task)).toEqual([]);
  });

  it('asks no second question for what was approved with its content', async () => {
    world.copy();
    writeFileSync(seen('hold-me'), 'one');
    writeFileSync(seen('hold-too'), 'other');
    // Something else wrote to the second path after it had been approved.
    const approved = new Map([real('hold-me'), real('hold-too')].map((path) => [path, { before: null, after: shown('one') }]));
    expect(states(await collected(approved))).toEqual({ 'hold-me': 'applied', 'hold-too': 'held' });
  });

  it('takes a yes to a difference for no yes to what it was made upon, nor to another mode', async () => {
    writeFileSync(real('hold-me'), 'real');
    writeFileSync(real('hold-mode'), 'real');
    world.copy();
    writeFileSync(seen('hold-me'), 'real, evil');
    expect(states(await collected())).toEqual({ 'hold-me': 'held' });
    // What was shown began at the version that waits.
    writeFileSync(seen('hold-me'), 'real, evil, harmless');
    const upon = (before: string, after: string) => ({ before: shown(before), after: shown(after) });
    expect(states(await collected(new Map([[real('hold-me'), upon('real, evil', 'real, evil, harmless')]])))).toEqual({
      'hold-me': 'held',
    });
    writeFileSync(seen('hold-mode'), 'new');
    chmodSync(seen('hold-mode'), 0o755);
    const approved = new Map([[real('hold-mode'), upon('real', 'new')]]);
    expect(states(await collected(approved))).toEqual({ 'hold-mode': 'held' });
    expect(readFileSync(real('hold-me'), 'utf8')).toBe('real');
    // Positive control: the same yes, where nothing else changed.
    chmodSync(seen('hold-mode'), statSync(real('hold-mode')).mode);
    expect(states(await collected(approved))).toEqual({ 'hold-mode': 'applied' });
  });

  it('takes a yes to a program for a yes to that, and a yes to a plain file for none', async () => {
    writeFileSync(real('hold-tool'), 'real');
    world.copy();
    writeFileSync(seen('hold-tool'), '#!/bin/sh');
    chmodSync(seen('hold-tool'), 0o755);
    const yesTo = (mode: number) => new Map([[real('hold-tool'), { before: shown('real'), after: shown('#!/bin/sh', mode) }]]);
    expect(states(await collected(yesTo(0o644)))).toEqual({ 'hold-tool': 'held' });
    expect(states(await collected(yesTo(0o755)))).toEqual({ 'hold-tool': 'applied' });
    expect(statSync(real('hold-tool')).mode & 0o777).toBe(0o755);
  });

  it('says of each change by whose rules it was judged, and who can have made it', async () => {
    world.copy();
    for (const name of ['own', 'other']) writeFileSync(seen(name), name);
    const own = { call_id: newCallId(), job_id: null, tool: 'file_write', file: { path: real('own'), ...shown('own') } };
    const job = { call_id: newCallId(), job_id: JobId.parse('job_0123456789ab'), tool: 'bash', file: null };
    const set = await world.collect(new Map(), [own, job]);
    expect(set?.writers).toEqual([own, job].map(({ call_id, job_id, tool }) => ({ call_id, job_id, tool })));
    expect(set?.entries.map(({ path, tools, made_by }) => [path, tools, made_by])).toEqual([
      [real('other'), ['bash', 'file_write'], null],
      [real('own'), ['file_write'], own.call_id],
    ]);
    const [collected] = await world.store.auditEvents({ types: ['change_set.collected'], limit: 1 });
    expect(collected?.data).toMatchObject({
      writers: [{ tool: 'file_write' }, { job_id: job.job_id }],
      paths: [{ made_by: null }, { tools: ['file_write'] }],
    });
  });

  it('makes the folder again that went away before something new could be put in it', async () => {
    mkdirSync(real('deep/folder'), { recursive: true });
    world.copy();
    writeFileSync(seen('deep/folder/new'), 'content');
    rmSync(real('deep'), { recursive: true });
    expect(states(await collected())).toMatchObject({ 'deep/folder/new': 'applied' });
    expect(readFileSync(real('deep/folder/new'), 'utf8')).toBe('content');
  });

  it('holds a rename of which one half is held, and what needs a folder that waits', async () => {
    writeFileSync(real('plain'), 'content');
    mkdirSync(real('folder'));
    writeFileSync(real('folder/hold'), 'x');
    world.copy();
    renameSync(seen('plain'), seen('hold-plain'));
    mkdirSync(seen('hold-dir'));
    writeFileSync(seen('hold-dir/inside'), 'x');
    rmSync(seen('folder'), { recursive: true });
    const set = await collected();
    expect(new Set(Object.values(states(set)))).toEqual(new Set(['held']));
    expect(treeSnapshot(world.workspace)).toMatchObject({ plain: {}, folder: {}, 'folder/hold': {} });
    const done = await world.changes.accept({ id: set.id, digest: set.digest }, 'window');
    expect(done.state).toBe('applied');
    expect(treeSnapshot(world.workspace)).toEqual(treeSnapshot(world.merged));
  });

  it('never brings set-uid, set-gid or sticky into the real tree', async () => {
    world.copy();
    writeFileSync(seen('tool'), 'x');
    chmodSync(seen('tool'), 0o6755);
    await collected();
    expect(statSync(real('tool')).mode & 0o7777).toBe(0o755);
  });
});

describe('deciding', () => {
  beforeEach(() => {
    world.copy();
    for (const name of ['hold-a', 'hold-b']) writeFileSync(seen(name), name);
  });

  it('accepts some files and drops others, by the digest that was shown', async () => {
    const set = await collected();
    const wrong = { id: set.id, digest: 'f'.repeat(64) as typeof set.digest };
    await expect(world.changes.accept(wrong, 'window')).rejects.toMatchObject({ code: 'conflict' });
    await expect(world.changes.drop(wrong, 'window')).rejects.toMatchObject({ code: 'conflict' });
    const decision = { id: set.id, digest: set.digest };
    await expect(world.changes.accept({ ...decision, paths: [real('other')] }, 'window')).rejects.toMatchObject({ code: 'invalid_input' });
    const part = await world.changes.accept({ ...decision, paths: [real('hold-a')] }, 'window');
    expect([part.state, states(part)]).toEqual(['partly_held', { 'hold-a': 'applied', 'hold-b': 'held' }]);
    expect(Object.keys(treeSnapshot(world.workspace))).toEqual(['hold-a']);
    const rest = await world.changes.drop({ id: set.id, digest: part.digest }, 'window');
    expect(states(rest)).toEqual({ 'hold-a': 'applied', 'hold-b': 'dropped' });
    expect(await world.collect()).toBeNull();
    await expect(world.changes.accept({ id: set.id, digest: rest.digest }, 'window')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('turns what changed meanwhile into a conflict, and overwrites it only knowingly; undo brings that version back', async () => {
    const set = await collected();
    writeFileSync(real('hold-a'), 'the operator’s own');
    const met = await world.changes.accept({ id: set.id, digest: set.digest }, 'window');
    expect(states(met)).toEqual({ 'hold-a': 'conflict', 'hold-b': 'applied' });
    expect(readFileSync(real('hold-a'), 'utf8')).toBe('the operator’s own');
    expect(await world.changes.diff(set.id, real('hold-a'))).toMatchObject({
      before: 'the operator’s own',
      after: 'hold-a',
      current: 'the operator’s own',
    });
    // A yes to overwriting one version is none to overwriting another: it is shown first.
    writeFileSync(real('hold-a'), 'the operator’s own, again');
    const shownFirst = { id: set.id, digest: met.digest };
    await expect(world.changes.accept(shownFirst, 'window')).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(real('hold-a'), 'utf8')).toBe('the operator’s own, again');
    expect(await world.changes.diff(set.id, real('hold-a'))).toMatchObject({ current: 'the operator’s own, again' });
    await expect(world.changes.accept(shownFirst, 'window')).rejects.toMatchObject({ code: 'conflict' });
    // Looking is enough to bind the decision to what is looked at.
    writeFileSync(real('hold-a'), 'the operator’s own');
    expect(await world.changes.diff(set.id, real('hold-a'))).toMatchObject({ current: 'the operator’s own' });
    const anew = await world.changes.get(set.id);
    expect(anew.digest).toBe(met.digest);
    const forced = await world.changes.accept({ id: set.id, digest: anew.digest }, 'window');
    expect(forced.state).toBe('applied');
    expect(readFileSync(real('hold-a'), 'utf8')).toBe('hold-a');
    expect((await world.changes.undo(set.id, 'window')).refused).toEqual([]);
    expect(readFileSync(real('hold-a'), 'utf8')).toBe('the operator’s own');
    expect(existsSync(real('hold-b'))).toBe(false);
  });
});

describe('undoing', () => {
  it('brings a deleted tree of 2,000 files back byte for byte', { timeout: 120_000 }, async () => {
    growTree(world.workspace, 2000);
    const before = treeSnapshot(world.workspace);
    const set = await collected();
    expect(treeSnapshot(world.workspace)).toEqual({});
    expect(Object.keys(before).length).toBeGreaterThan(2000);
    const { change_set, refused } = await world.changes.undo(set.id, 'window');
    expect(refused).toEqual([]);
    expect(change_set.state).toBe('undone');
    expect(treeSnapshot(world.workspace)).toEqual(before);
    chmodSync(real('d0/sealed'), 0o755);
  });

  it('refuses a file that changed since, says why, and puts the rest back', async () => {
    writeFileSync(real('a'), 'a');
    writeFileSync(real('b'), 'b');
    world.copy();
    for (const name of ['a', 'b']) writeFileSync(seen(name), 'agent');
    const set = await collected();
    writeFileSync(real('a'), 'the operator’s own');
    const { change_set, refused } = await world.changes.undo(set.id, 'window');
    expect(refused).toEqual([{ path: real('a'), reason: expect.stringContaining('changed since') as string }]);
    expect(states(change_set)).toEqual({ a: 'applied', b: 'undone' });
    expect([readFileSync(real('a'), 'utf8'), readFileSync(real('b'), 'utf8')]).toEqual(['the operator’s own', 'b']);
  });

  it('the same change again waits after it was undone', async () => {
    world.copy();
    writeFileSync(seen('plain'), 'x');
    const set = await collected();
    await world.changes.undo(set.id, 'window');
    const again = await collected();
    expect(again.entries).toMatchObject([{ state: 'held', rule: 'builtin:undone' }]);
  });

  it('goes backwards: an older set is refused while a later one is on top of it, also where the file looks the same', async () => {
    writeFileSync(real('a'), 'v0');
    world.copy();
    const step = async (content: string): Promise<ChangeSet> => {
      writeFileSync(seen('a'), content);
      return await collected();
    };
    const [first, second, third] = [await step('v1'), await step('v0'), await step('v1')];
    const onTop = (by: ChangeSet) => [{ path: real('a'), reason: expect.stringContaining(by.id) as string }];
    expect((await world.changes.undo(first.id, 'window')).refused).toEqual(onTop(third));
    expect((await world.changes.undo(second.id, 'window')).refused).toEqual(onTop(third));
    expect(readFileSync(real('a'), 'utf8')).toBe('v1');
    const seenAfter: string[] = [];
    for (const set of [third, second, first]) {
      expect((await world.changes.undo(set.id, 'window')).refused).toEqual([]);
      seenAfter.push(readFileSync(real('a'), 'utf8'));
    }
    expect(seenAfter).toEqual(['v0', 'v1', 'v0']);
  });

  it('remembers every version of a path that was undone, not the last one only', async () => {
    for (const content of ['one', 'two']) {
      world.copy();
      writeFileSync(seen('plain'), content);
      await world.changes.undo((await collected()).id, 'window');
    }
    for (const content of ['one', 'two']) {
      writeFileSync(seen('plain'), content);
      expect((await collected()).entries).toMatchObject([{ state: 'held', rule: 'builtin:undone' }]);
    }
    // Positive control: a version that was not undone.
    writeFileSync(seen('plain'), 'three');
    expect((await collected()).entries).toMatchObject([{ state: 'applied' }]);
  });

  it('remembers what waits and what was undone behind more than a thousand sets', { timeout: 120_000 }, async () => {
    world.copy();
    writeFileSync(seen('plain'), 'x');
    await world.changes.undo((await collected()).id, 'window');
    writeFileSync(seen('hold-me'), 'x');
    rmSync(seen('plain'));
    await collected();
    const task_id = world.task;
    const entries = [changeEntry({ workspace: world.workspace, path: real('other'), state: 'held' })];
    for (let count = 0; count < 1100; count += 1)
      await world.store.commit({
        events: [],
        changes: [{ kind: 'change_set.insert', changeSet: changeSet({ task_id, entries, state: 'held' }) }],
      });
    expect(await world.changes.heldPaths(world.task)).toContain(real('hold-me'));
    writeFileSync(seen('plain'), 'x');
    expect(states(await collected())).toEqual({ plain: 'held' });
  });
});
