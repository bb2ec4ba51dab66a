import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileVersion } from '../../shared/domain/change.ts';
import type { Digest } from '../../shared/domain/identity.ts';
import { sha256Hex } from '../core/canonical-json.ts';
import type { ChangeFiles, FileStep, StepResult } from '../core/ports/change-files.ts';

/** A port under test, with a way to the files behind it that does not go through it. Paths are absolute, in `workspace`. */
export interface ChangeFilesWorld {
  readonly files: ChangeFiles;
  readonly workspace: string;
  /** Makes what a version says; a file gets `content`. Parents exist. */
  put(path: string, version: 'directory' | { readonly content: string; readonly mode?: number } | { readonly target: string }): void;
  remove(): void;
}

export function describeChangeFiles(name: string, create: () => ChangeFilesWorld): void {
  describe(`${name} keeps the contract of ChangeFiles`, () => {
    let world: ChangeFilesWorld;
    beforeEach(() => {
      world = create();
    });
    afterEach(async () => {
      await world.files.settle();
      world.remove();
    });

    const at = (inside: string): string => `${world.workspace}/${inside}`;
    const file = (content: string, mode = 0o644): FileVersion & { readonly sha256: Digest } => ({
      type: 'file',
      mode,
      size: Buffer.byteLength(content),
      sha256: sha256Hex(content),
    });
    const folder = (mode = 0o755): FileVersion => ({ type: 'directory', mode });
    const link = (target: string): FileVersion => ({ type: 'symlink', target });
    const look = async (inside: string): Promise<FileVersion | null> => await world.files.inspect(world.workspace, at(inside));
    const keep = async (content: string): Promise<void> => {
      world.put(at('kept-from-here'), { content });
      await world.files.keep({ root: null, workspace: world.workspace, path: at('kept-from-here') }, sha256Hex(content));
    };
    const apply = async (
      inside: string,
      expected: FileVersion | null,
      wanted: FileVersion | null,
      extra: Partial<FileStep> = {},
    ): Promise<StepResult> =>
      await world.files.apply({ workspace: world.workspace, path: at(inside), expected, wanted, restores: false, ...extra });

    it('keeps contents by their hash, once, and reads them back in part', async () => {
      expect(await world.files.has(sha256Hex('text'))).toBe(false);
      await keep('text');
      await keep('text');
      await world.files.settle();
      expect(await world.files.has(sha256Hex('text'))).toBe(true);
      expect(Buffer.from(await world.files.read(sha256Hex('text'), 100)).toString()).toBe('text');
      expect(Buffer.from(await world.files.read(sha256Hex('text'), 2)).toString()).toBe('te');
      await expect(world.files.read(sha256Hex('other'), 2)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('refuses to keep what is not the content that was named', async () => {
      world.put(at('a'), { content: 'a' });
      world.put(at('link'), { target: 'a' });
      const from = (path: string) => ({ root: null, workspace: world.workspace, path: at(path) });
      await expect(world.files.keep(from('a'), sha256Hex('b'))).rejects.toMatchObject({ code: 'conflict' });
      await expect(world.files.keep(from('missing'), sha256Hex('b'))).rejects.toMatchObject({ code: 'conflict' });
      await expect(world.files.keep(from('link'), sha256Hex('a'))).rejects.toMatchObject({ code: 'conflict' });
      expect(await world.files.has(sha256Hex('b'))).toBe(false);
    });

    it('tells what is there, never through a link', async () => {
      world.put(at('folder'), 'directory');
      world.put(at('folder/a'), { content: 'a', mode: 0o600 });
      world.put(at('link'), { target: 'folder' });
      expect([await look('folder/a'), await look('link')]).toEqual([file('a', 0o600), link('folder')]);
      expect(await look('folder')).toMatchObject({ type: 'directory' });
      expect([await look('link/a'), await look('folder/a/b'), await look('missing/a'), await look('missing')]).toEqual([
        null,
        null,
        null,
        null,
      ]);
      expect(Buffer.from((await world.files.readReal(world.workspace, at('folder/a'), 10)) ?? []).toString()).toBe('a');
      expect(await world.files.readReal(world.workspace, at('link/a'), 10)).toBeNull();
    });

    it.each(['/elsewhere/a', '../a', 'folder/../../a', ''])('refuses %j, which is not below the workspace', async (path) => {
      const step = { path: path.startsWith('/') ? path : at(path) };
      await expect(apply('', null, folder(), step)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.files.inspect(world.workspace, step.path)).rejects.toMatchObject({ code: 'forbidden' });
    });

    it('makes, changes and removes files, folders and links, exactly as wanted', async () => {
      await keep('one');
      await keep('two');
      const steps: [string, FileVersion | null, FileVersion | null][] = [
        ['folder', null, folder(0o700)],
        ['folder/a', null, file('one', 0o600)],
        ['folder/a', file('one', 0o600), file('two', 0o755)],
        ['folder/a', file('two', 0o755), file('two', 0o444)],
        ['folder/a', file('two', 0o444), link('../not/there')],
        ['folder/a', link('../not/there'), file('one')],
        ['folder', folder(0o700), folder(0o750)],
        ['folder/a', file('one'), null],
        ['folder', folder(0o750), null],
      ];
      for (const [path, expected, wanted] of steps) {
        expect(await apply(path, expected, wanted), `${path} to ${JSON.stringify(wanted)}`).toEqual({ ok: true });
        expect(await look(path)).toEqual(wanted);
        expect(await apply(path, expected, wanted)).toEqual({ ok: true });
      }
      await world.files.settle();
    });

    it('touches nothing that is not as expected, and tells what is there', async () => {
      await keep('new');
      world.put(at('a'), { content: 'mine' });
      world.put(at('folder'), 'directory');
      world.put(at('folder/inside'), { content: 'x' });
      const full = await look('folder');
      expect(await apply('a', null, file('new'))).toEqual({ ok: false, actual: file('mine') });
      expect(await apply('a', file('old'), file('new'))).toEqual({ ok: false, actual: file('mine') });
      expect(await apply('a', file('mine', 0o600), null)).toEqual({ ok: false, actual: file('mine') });
      expect(await apply('a', file('old'), link('x'))).toEqual({ ok: false, actual: file('mine') });
      expect(await apply('folder', full, null)).toEqual({ ok: false, actual: full });
      expect(await apply('gone', file('old'), file('new'))).toEqual({ ok: false, actual: null });
      expect(await apply('missing/a', null, file('new'))).toEqual({ ok: false, actual: null });
      expect(await apply('missing/a', file('old'), null)).toEqual({ ok: true });
      expect([await look('a'), await look('folder/inside')]).toEqual([file('mine'), file('x')]);
    });

    it('sets the special bits only to put back what was there', async () => {
      await keep('tool');
      await apply('tool', null, file('tool', 0o4755));
      expect(await look('tool')).toEqual(file('tool', 0o755));
      await apply('tool', file('tool', 0o755), file('tool', 0o4755), { restores: true });
      expect(await look('tool')).toEqual(file('tool', 0o4755));
    });

    it('cannot write a content that it does not have', async () => {
      await expect(apply('a', null, file('never kept'))).rejects.toMatchObject({ code: 'not_found' });
      expect(await look('a')).toBeNull();
    });

    it('lets go of contents that nobody needs, down to the budget', async () => {
      for (const content of ['needed!', 'first', 'second']) await keep(content);
      const needed = new Set([sha256Hex('needed!')]);
      expect(await world.files.collectGarbage(needed, 1000)).toEqual([]);
      expect(await world.files.collectGarbage(needed, 6)).toHaveLength(1);
      expect(await world.files.collectGarbage(needed, 0)).toHaveLength(1);
      expect(await world.files.has(sha256Hex('needed!'))).toBe(true);
    });
  });
}
