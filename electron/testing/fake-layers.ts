import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, mkdtemp, open, readFile, readdir, readlink, realpath, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FileVersion } from '../../shared/domain/change.ts';
import { Digest, type TaskId } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import type { LayerChange, LayerView, Layers } from '../core/ports/layers.ts';

interface FakeTask {
  /** Holds one copy for each workspace, named by number. */
  readonly folder: string;
  views: number;
  handles: FileHandle[];
  roots: { workspace: string; fd: number }[];
  /** Copies, by the workspace that each is of. */
  copies: Map<string, string>;
  /** What the real files were when the view was made, or when the gateway changed them. */
  known: Map<string, string>;
}

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const keep = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true } as const;

/** Every entry below a folder, by its path from there, in order; unreadable folders are left empty, and names that are no Unicode out. */
const entriesOf = async (folder: string, skipped: string[], at = ''): Promise<string[]> => {
  const found: string[] = [];
  const names = await readdir(join(folder, at), { encoding: 'buffer' }).catch(() => []);
  for (const bytes of names.sort((a, b) => Buffer.compare(a, b))) {
    const name = bytes.toString();
    const path = at === '' ? name : `${at}/${name}`;
    if (!Buffer.from(name).equals(bytes)) {
      skipped.push(path);
      continue;
    }
    found.push(path);
    if ((await lstat(join(folder, path))).isDirectory()) found.push(...(await entriesOf(folder, skipped, path)));
  }
  return found;
};

const versionOf = async (path: string): Promise<FileVersion | null> => {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return null;
  const mode = stat.mode & 0o7777;
  if (stat.isDirectory()) return { type: 'directory', mode };
  if (stat.isSymbolicLink()) return { type: 'symlink', target: await readlink(path) };
  const sha256 = Digest.parse(
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  );
  return { type: 'file', mode, size: stat.size, sha256 };
};

const identityOf = async (path: string): Promise<string> => {
  const stat = await lstat(path, { bigint: true }).catch(() => null);
  if (stat === null) return '';
  return stat.isDirectory() ? 'folder' : [stat.dev, stat.ino, stat.ctimeNs, stat.size].join(':');
};

/** Layers that are whole copies, for tests that need a task's view and no kernel: without namespaces, and as slow as the workspace is big. */
export const createFakeLayers = (): Layers => {
  const tasks = new Map<TaskId, FakeTask>();
  let last: Promise<unknown> = Promise.resolve();
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };

  const fill = async (task: FakeTask, workspaces: readonly string[], held: readonly string[]): Promise<void> => {
    const outer = workspaces.filter((path) => !workspaces.some((other) => other !== path && within(path, other)));
    for (const [index, workspace] of outer.entries()) {
      if ((await realpath(workspace).catch(() => null)) !== workspace) {
        throw new AppError('forbidden', `the workspace ${workspace} is no longer the folder that it was`);
      }
      const copy = join(task.folder, String(index));
      const fresh = `${copy}.new`;
      await cp(workspace, fresh, keep);
      if (task.copies.has(workspace)) {
        for (const path of held.filter((one) => one !== workspace && within(one, workspace))) {
          const below = path.slice(workspace.length + 1);
          await rm(join(fresh, below), { recursive: true, force: true });
          if ((await lstat(join(copy, below)).catch(() => null)) === null) continue;
          await mkdir(dirname(join(fresh, below)), { recursive: true });
          await cp(join(copy, below), join(fresh, below), keep);
        }
      }
      await rm(copy, { recursive: true, force: true });
      await cp(fresh, copy, keep);
      await rm(fresh, { recursive: true });
      task.copies.set(workspace, copy);
      for (const path of await entriesOf(workspace, [])) task.known.set(join(workspace, path), await identityOf(join(workspace, path)));
    }
    for (const workspace of workspaces) {
      const [outside, copy] = [...task.copies].find(([path]) => within(workspace, path)) ?? [];
      const handle = await open(`${String(copy)}${workspace.slice(outside?.length)}`);
      task.handles.push(handle);
      task.roots.push({ workspace, fd: handle.fd });
    }
  };

  const viewOf = (id: TaskId, task: FakeTask): LayerView => {
    task.views += 1;
    let isClosed = false;
    return {
      task: id,
      roots: [...task.roots],
      namespaces: null,
      async scan() {
        const changes: LayerChange[] = [];
        const skipped: string[] = [];
        for (const [workspace, copy] of task.copies) {
          const odd: string[] = [];
          const paths = new Set([...(await entriesOf(workspace, [])), ...(await entriesOf(copy, odd))]);
          skipped.push(...odd.map((path) => `${workspace}/${path}`));
          for (const below of [...paths].sort()) {
            const path = join(workspace, below);
            const [before, after] = [await versionOf(path), await versionOf(join(copy, below))];
            if (JSON.stringify(before) === JSON.stringify(after)) continue;
            const isConflict = before !== null && task.known.get(path) !== (await identityOf(path));
            changes.push({ path, workspace, before, after, isConflict });
          }
        }
        return { changes, skipped };
      },
      async bytes() {
        let total = 0;
        for (const [workspace, copy] of task.copies) {
          for (const path of await entriesOf(copy, [])) {
            if (JSON.stringify(await versionOf(join(copy, path))) === JSON.stringify(await versionOf(join(workspace, path)))) continue;
            total += (await lstat(join(copy, path))).blocks * 512;
          }
        }
        return total;
      },
      async close() {
        if (isClosed) return;
        isClosed = true;
        task.views -= 1;
        if (task.views === 0) await release(task);
      },
    };
  };

  const release = async (task: FakeTask): Promise<void> => {
    task.roots = [];
    await Promise.all(task.handles.splice(0).map(async (handle) => handle.close()));
  };

  return {
    probe: async () => ({ kind: 'copy', detail: 'a copy, for tests', fix: null }),
    status: () => ({ kind: 'copy', detail: 'a copy, for tests', fix: null }),
    open: async (id, workspaces, held) =>
      alone(async () => {
        const known = tasks.get(id);
        const folder = known?.folder ?? (await mkdtemp(join(await realpath(tmpdir()), 'fake-layers-')));
        const task = known ?? { folder, views: 0, handles: [], roots: [], copies: new Map(), known: new Map() };
        tasks.set(id, task);
        if (task.views === 0) await fill(task, workspaces, held);
        return viewOf(id, task);
      }),
    join: async (id) =>
      alone(async () => {
        const task = tasks.get(id);
        return task === undefined || task.views === 0 ? null : viewOf(id, task);
      }),
    async applied(id, paths) {
      for (const path of paths) tasks.get(id)?.known.set(path, await identityOf(path));
    },
    drop: async (id) =>
      alone(async () => {
        const task = tasks.get(id);
        if (task === undefined) return;
        if (task.views > 0) throw new AppError('conflict', 'a call of the task still uses its layer');
        tasks.delete(id);
        await rm(task.folder, { recursive: true });
      }),
    list: async () => [...tasks.keys()],
    async stop() {
      for (const task of tasks.values()) {
        await release(task);
        task.views = 0;
      }
    },
  };
};
