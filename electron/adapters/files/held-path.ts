import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, opendir, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import type { FileKind, HeldPath } from '../../core/ports/files.ts';
import { asAppError, below, errnoOf, holdAgain, holdChild, isSame, openHeld, pathOf, type Held } from './descriptors.ts';
import { replaceFile } from './replace-file.ts';
import type { Walked } from './walk.ts';

const chunkBytes = 1024 * 1024;
const entryLimit = 20_000;

/** What a held path needs from its maker. */
export interface HeldPathDeps {
  readonly found: Walked;
  /** Walks to a child that is a link, from the top; the answer is held on its own. */
  readonly walkTo: (path: string) => Promise<HeldPath>;
  /** Refuses the gateway's own folders. */
  readonly checkOwn: (path: string, stat: BigIntStats) => void;
}

const kindOf = (stat: BigIntStats): FileKind => (stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other');

const unchanged = (then: BigIntStats, now: BigIntStats): boolean =>
  isSame(then, now) && then.size === now.size && then.mtimeNs === now.mtimeNs && then.ctimeNs === now.ctimeNs;

export const createHeldPath = ({ found, walkTo, checkOwn }: HeldPathDeps): HeldPath => {
  const { path, workspace, target, parent } = found;
  const open = new Set<Held>([target, parent].filter((held) => held !== null));

  const changed = (): AppError => new AppError('conflict', `${path} changed after this call was resolved: read it and try again`);

  /** The regular file that is held, open for reading and still as it was. */
  const openFile = async (): Promise<FileHandle> => {
    if (target === null) throw new AppError('not_found', `there is nothing at ${path}`);
    if (!target.stat.isFile()) throw new AppError('invalid_input', `${path} is not a regular file`);
    return openHeld(target.handle).catch((error: unknown) => {
      throw asAppError(error, path);
    });
  };

  const directory = (): Held => {
    if (target === null) throw new AppError('not_found', `there is nothing at ${path}`);
    if (!target.stat.isDirectory()) throw new AppError('invalid_input', `${path} is not a folder`);
    return target;
  };

  return {
    path,
    workspace,
    kind: target === null ? null : kindOf(target.stat),
    size: target === null ? null : Number(target.stat.size),
    mode: target?.stat.isFile() === true ? Number(target.stat.mode & 0o777n) : null,

    async read({ offset, limit }) {
      const file = await openFile();
      try {
        // SECURITY: another name of the same file may lie outside the workspace; which one, nobody can tell.
        if ((await file.stat({ bigint: true })).nlink > 1n) {
          throw new AppError('forbidden', `${path} is a hard link, and its other names may lie outside the workspace: copy it first`);
        }
        const content = await readAt(file, offset, limit);
        const now = await file.stat({ bigint: true });
        if (target === null || !unchanged(target.stat, now)) throw changed();
        return content;
      } finally {
        await file.close();
      }
    },

    async write(content, { mode }) {
      if (parent === null || target?.stat.isDirectory() === true) throw new AppError('invalid_input', `${path} is a folder`);
      if (target !== null && !target.stat.isFile()) throw new AppError('invalid_input', `${path} is not a regular file`);
      // SECURITY: the held folder must still be where it was, and its entry still what was resolved (and so judged and shown).
      const checkUnchanged = async (): Promise<void> => {
        const here = `${found.top}${path.slice(workspace.length, -found.name.length - 1)}`;
        if ((await pathOf(parent.handle)) !== here) throw changed();
        const now = await holdChild(parent.handle, found.name).catch((error: unknown) => {
          if (errnoOf(error) === 'ENOENT') return null;
          throw asAppError(error, path);
        });
        await now?.handle.close();
        if ((now === null) !== (target === null)) throw changed();
        if (now !== null && target !== null && !unchanged(target.stat, now.stat)) throw changed();
      };
      await replaceFile({
        directory: parent.handle,
        name: found.name,
        path,
        content,
        mode: mode ?? (target === null ? 0o644 : Number(target.stat.mode & 0o777n)),
        replaces: target?.stat ?? null,
        checkUnchanged,
        changed,
      });
    },

    async list() {
      const held = directory();
      try {
        const entries: { name: string; kind: FileKind | 'symlink'; size: number }[] = [];
        for await (const entry of await opendir(below(held.handle, '.'))) {
          if (entries.length >= entryLimit) throw new AppError('invalid_input', `${path} holds more than ${entryLimit} entries`);
          const stat = await lstat(below(held.handle, entry.name), { bigint: true }).catch(() => null);
          // It went away between the two calls.
          if (stat === null) continue;
          entries.push({ name: entry.name, kind: stat.isSymbolicLink() ? 'symlink' : kindOf(stat), size: Number(stat.size) });
        }
        return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      } catch (error) {
        throw asAppError(error, path);
      }
    },

    async child(name) {
      if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
        throw new AppError('invalid_input', 'a child is one name, without slashes');
      }
      const held = directory();
      const childPath = `${path}/${name}`;
      const next = await holdChild(held.handle, name).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return null;
        throw asAppError(error, childPath);
      });
      if (next?.stat.isSymbolicLink() === true) {
        await next.handle.close();
        return walkTo(childPath);
      }
      try {
        if (next !== null) checkOwn(childPath, next.stat);
        const above = await holdAgain(held.handle);
        return createHeldPath({
          found: { path: childPath, workspace, top: found.top, parent: above, name, target: next },
          walkTo,
          checkOwn,
        });
      } catch (error) {
        await next?.handle.close();
        throw error;
      }
    },

    async sha256(limit) {
      const file = await openFile();
      try {
        const hash = createHash('sha256');
        const chunk = Buffer.allocUnsafe(chunkBytes);
        let total = 0;
        for (;;) {
          const { bytesRead } = await file.read(chunk, 0, chunkBytes, total);
          if (bytesRead === 0) break;
          total += bytesRead;
          if (total > limit) throw new AppError('invalid_input', `${path} is larger than ${limit} bytes, too large to be hashed`);
          hash.update(chunk.subarray(0, bytesRead));
        }
        return Digest.parse(hash.digest('hex'));
      } finally {
        await file.close();
      }
    },

    async close() {
      const all = [...open];
      open.clear();
      await Promise.all(all.map(async (held) => held.handle.close()));
    },
  };
};

/** Reads until the limit or the end, whichever comes first; never allocates more than the file has. */
const readAt = async (file: FileHandle, offset: number, limit: number): Promise<Uint8Array> => {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const wanted = Math.min(chunkBytes, limit - total);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, offset + total);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
};
