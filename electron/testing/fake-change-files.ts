import { dirname } from 'node:path';
import type { FileVersion } from '../../shared/domain/change.ts';
import type { Digest } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256Hex } from '../core/canonical-json.ts';
import { isSameVersion } from '../core/changes/set-state.ts';
import type { ChangeFiles, FileStep, StepResult } from '../core/ports/change-files.ts';

/** Real files in memory: every path that exists, by its absolute name. */
export interface FakeChangeFiles extends ChangeFiles {
  readonly tree: Map<string, FileVersion>;
  putFile(path: string, content: string, mode?: number): void;
  /** After so many steps `apply` rejects with `unavailable`, so many times or from then on; null mends it. */
  failAfter(steps: number | null, times?: number): void;
}

export function createFakeChangeFiles(): FakeChangeFiles {
  const tree = new Map<string, FileVersion>();
  const contents = new Map<Digest, string>();
  const blobs = new Map<Digest, string>();
  let stepsLeft: number | null = null;
  let failuresLeft = 0;

  const check = (workspace: string, path: string): void => {
    const names = path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1).split('/') : [''];
    if (names.some((name) => name === '' || name === '.' || name === '..')) throw new AppError('forbidden', `${path} is outside`);
  };
  const look = (workspace: string, path: string): FileVersion | null => {
    check(workspace, path);
    return tree.get(path) ?? null;
  };
  const hasFolder = ({ workspace, path }: FileStep): boolean =>
    dirname(path) === workspace || tree.get(dirname(path))?.type === 'directory';

  const apply = (step: FileStep): StepResult => {
    const { path, expected, restores } = step;
    if (stepsLeft !== null && (stepsLeft -= 1) < 0 && (failuresLeft -= 1) >= 0) throw new AppError('unavailable', 'no space is left');
    const mask = restores ? 0o7777 : 0o777;
    const wanted = step.wanted === null || step.wanted.type === 'symlink' ? step.wanted : { ...step.wanted, mode: step.wanted.mode & mask };
    const actual = look(step.workspace, path);
    if (isSameVersion(actual, wanted)) return { ok: true };
    const isFull = wanted === null && [...tree.keys()].some((other) => other.startsWith(`${path}/`));
    if (!isSameVersion(actual, expected) || isFull || !hasFolder(step)) return { ok: false, actual };
    if (wanted === null) tree.delete(path);
    else if (wanted.type === 'file' && !blobs.has(wanted.sha256)) throw new AppError('not_found', 'the content was let go');
    else tree.set(path, wanted);
    return { ok: true };
  };

  return {
    tree,
    putFile(path, content, mode = 0o644) {
      contents.set(sha256Hex(content), content);
      tree.set(path, { type: 'file', mode, size: Buffer.byteLength(content), sha256: sha256Hex(content) });
    },
    failAfter(steps, times = Infinity) {
      stepsLeft = steps;
      failuresLeft = times;
    },
    // A view's file is looked up by its content alone.
    keep: async ({ root, workspace, path }, sha256) => {
      const version = look(workspace, path);
      const isThere = root !== null || (version?.type === 'file' && version.sha256 === sha256);
      if (!isThere) throw new AppError('conflict', `${path} is another file by now`);
      await Promise.resolve(blobs.set(sha256, contents.get(sha256) ?? ''));
    },
    has: async (sha256) => await Promise.resolve(blobs.has(sha256)),
    read: async (sha256, limit) => {
      const content = blobs.get(sha256);
      if (content === undefined) throw new AppError('not_found', 'This content was let go for space.');
      return await Promise.resolve(Buffer.from(content).subarray(0, limit));
    },
    readReal: async (workspace, path, limit) => {
      const version = look(workspace, path);
      const content = version?.type === 'file' ? contents.get(version.sha256) : undefined;
      return await Promise.resolve(content === undefined ? null : Buffer.from(content).subarray(0, limit));
    },
    inspect: async (workspace, path) => await Promise.resolve(look(workspace, path)),
    apply: async (step) => await Promise.resolve(apply(step)),
    tidy: async () => await Promise.resolve(),
    settle: async () => await Promise.resolve(),
    async collectGarbage(needed, budgetBytes) {
      const gone: Digest[] = [];
      let bytes = [...blobs].reduce((sum, [sha256, content]) => sum + (needed.has(sha256) ? 0 : content.length), 0);
      for (const [sha256, content] of blobs) {
        if (needed.has(sha256) || bytes <= budgetBytes) continue;
        blobs.delete(sha256);
        bytes -= content.length;
        gone.push(sha256);
      }
      return await Promise.resolve(gone);
    },
  };
}
