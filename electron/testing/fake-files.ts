import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { Digest } from '../../shared/domain/identity.ts';
import type { FileKind, Files, HeldPath } from '../core/ports/files.ts';

/** A file system in memory. Folders exist as far as something lies in them. It has no links. */
export interface FakeFiles extends Files {
  put(path: string, content: string): void;
  get(path: string): string | null;
  /** Makes a path exist as something that is neither file nor folder. */
  putOther(path: string): void;
  /** How many held paths have not been closed. */
  held(): number;
}

export const createFakeFiles = (own: readonly string[] = []): FakeFiles => {
  const files = new Map<string, Buffer | 'other'>();
  const modes = new Map<string, number>();
  let held = 0;
  const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
  const isFolder = (path: string): boolean => [...files.keys()].some((file) => file.startsWith(`${path}/`));

  const hold = (workspaces: readonly string[], workspace: string, path: string): HeldPath => {
    if (own.some((folder) => within(path, folder))) throw new AppError('forbidden', `${path} belongs to the gateway itself`);
    const found = files.get(path) ?? null;
    const kind: FileKind | null =
      found === 'other' ? 'other' : found !== null ? 'file' : isFolder(path) || path === workspace ? 'directory' : null;
    if (kind === null && posix.dirname(path) !== workspace && !isFolder(posix.dirname(path))) {
      throw new AppError('not_found', `there is nothing at ${path}`);
    }
    held += 1;
    let isOpen = true;
    const content = (): Buffer => {
      if (kind === null) throw new AppError('not_found', `there is nothing at ${path}`);
      if (!Buffer.isBuffer(found)) throw new AppError('invalid_input', `${path} is not a regular file`);
      if (files.get(path) !== found) throw new AppError('conflict', `${path} changed after this call was resolved`);
      return found;
    };
    const names = (): string[] => {
      if (kind !== 'directory') throw new AppError('invalid_input', `${path} is not a folder`);
      const below = [...files.keys()].filter((file) => file.startsWith(`${path}/`));
      return [...new Set(below.map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))].sort();
    };
    return {
      path,
      workspace,
      kind,
      size: Buffer.isBuffer(found) ? found.length : null,
      mode: Buffer.isBuffer(found) ? (modes.get(path) ?? 0o644) : null,
      read: async ({ offset, limit }) => content().subarray(offset, offset + limit),
      async write(bytes, { mode }) {
        if (kind === 'directory' || kind === 'other') throw new AppError('invalid_input', `${path} is not a regular file`);
        if ((files.get(path) ?? null) !== found) throw new AppError('conflict', `${path} changed after this call was resolved`);
        files.set(path, Buffer.from(bytes));
        modes.set(path, mode ?? modes.get(path) ?? 0o644);
      },
      list: async () =>
        names().map((name) => {
          const entry = files.get(`${path}/${name}`);
          const is: FileKind = entry === 'other' ? 'other' : entry === undefined ? 'directory' : 'file';
          return { name, kind: is, size: Buffer.isBuffer(entry) ? entry.length : 0 };
        }),
      async child(name) {
        if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new AppError('invalid_input', 'a child is one name');
        names();
        return hold(workspaces, workspace, `${path}/${name}`);
      },
      async sha256(limit) {
        // As it is now, whatever it was when it was resolved.
        const now = files.get(path);
        if (!Buffer.isBuffer(now)) throw new AppError(now === undefined ? 'not_found' : 'invalid_input', `${path} is not a regular file`);
        if (now.length > limit) throw new AppError('invalid_input', `${path} is larger than ${limit} bytes`);
        return Digest.parse(createHash('sha256').update(now).digest('hex'));
      },
      async close() {
        if (isOpen) held -= 1;
        isOpen = false;
      },
    };
  };

  return {
    put: (path, content) => void files.set(path, Buffer.from(content)),
    putOther: (path) => void files.set(path, 'other'),
    get: (path) => {
      const found = files.get(path);
      return Buffer.isBuffer(found) ? found.toString() : null;
    },
    held: () => held,
    async resolve(workspaces, path) {
      if (path === '' || path.includes('\0') || path.length > 4096 || path.split('/').some((name) => name.length > 255)) {
        throw new AppError('invalid_input', 'the path is empty, too long or contains a NUL byte');
      }
      const first = workspaces[0];
      if (first === undefined) throw new AppError('invalid_input', 'this token has no workspace folder: mint one with --workspace');
      const full = posix.resolve(first, path);
      const workspace = workspaces.find((folder) => within(full, folder));
      if (workspace === undefined) throw new AppError('forbidden', `${path} is outside this token's workspaces`);
      return hold(workspaces, workspace, full);
    },
    async checkWorkspace(path) {
      if (path === '/' || !posix.isAbsolute(path) || !isFolder(path)) throw new AppError('invalid_input', `${path} cannot be a workspace`);
      if (own.some((folder) => within(path, folder) || within(folder, path)))
        throw new AppError('invalid_input', `${path} cannot be a workspace`);
      return path;
    },
  };
};
