import { constants } from 'node:fs';
import { open, readlink, stat, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { AppError } from '../../../shared/errors.ts';
import type { SandboxCommand } from '../../core/ports/sandbox.ts';

/** Linux's O_PATH (asm-generic: x86, arm64); Node does not export it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_RDONLY } = constants;

export interface HeldOperandsDeps {
  /** The same check as when a workspace was named. */
  readonly checkWorkspace: (path: string) => Promise<string>;
  /** The gateway's own folders. */
  readonly protectedPaths: readonly string[];
}

/** The folder that a command runs in, and how its files are found from there. The caller closes it. */
export interface HeldPlace {
  /** Of the folder the command runs in. */
  readonly folder: FileHandle;
  /** Opens what a word names, for reading. Errors: `forbidden`, `not_found`. The caller closes it. */
  readonly open: (operand: string, kind: 'file' | 'any') => Promise<FileHandle>;
  close(): Promise<void>;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Holds the workspace that a command's folder lies in, through the task's layer where there is one. Errors: `forbidden`, `not_found`. */
export const holdPlace = async (
  deps: HeldOperandsDeps,
  command: Pick<SandboxCommand, 'cwd' | 'workspaces' | 'mount'>,
): Promise<HeldPlace> => {
  const workspace = command.workspaces.filter((each) => isWithin(command.cwd, each)).sort((a, b) => b.length - a.length)[0];
  if (workspace === undefined) throw new AppError('invalid_input', `${command.cwd} is in none of the workspaces`);
  const own = await identities(deps.protectedPaths);
  const root = await holdWorkspace(deps, command, workspace);
  const below = command.cwd.slice(workspace.length).split('/').filter(isName);
  try {
    const folder = await walk(root, below, own);
    return {
      folder,
      async open(operand, kind) {
        const target = await walk(root, namesOf(below, operand), own);
        try {
          return await openToRead(target, operand, kind);
        } finally {
          await target.close();
        }
      },
      async close() {
        await folder.close();
        await root.close();
      },
    };
  } catch (error) {
    await root.close();
    throw error;
  }
};

/** SECURITY: the layer's own descriptor, or the real folder, provided that it still is the one which was checked (THREATS rule 12). */
const holdWorkspace = async (
  { checkWorkspace }: HeldOperandsDeps,
  { mount }: Pick<SandboxCommand, 'mount'>,
  workspace: string,
): Promise<FileHandle> => {
  const gone = (cause?: unknown): AppError =>
    new AppError('forbidden', `the workspace ${workspace} is no longer the folder that it was: check it and mint a new token`, { cause });
  if (mount.kind === 'layer') {
    const root = mount.view.roots.find((each) => each.workspace === workspace);
    if (root === undefined) throw new AppError('internal', `the layer does not show ${workspace}`);
    return open(`/proc/self/fd/${root.fd}`, O_PATH | O_DIRECTORY);
  }
  const held = await open(workspace, O_PATH | O_DIRECTORY | O_NOFOLLOW).catch((error: unknown) => {
    throw gone(error);
  });
  try {
    // The kernel's own name of what is held; any link on the way makes it differ from ours.
    if ((await readlink(`/proc/self/fd/${held.fd}`)) !== workspace) throw gone();
    const checked = await checkWorkspace(workspace).catch((error: unknown) => {
      throw gone(error);
    });
    const [is, named] = [await held.stat({ bigint: true }), await stat(checked, { bigint: true })];
    if (checked !== workspace || is.dev !== named.dev || is.ino !== named.ino) throw gone();
    return held;
  } catch (error) {
    await held.close();
    throw error;
  }
};

const isName = (name: string): boolean => name !== '' && name !== '.';

/** The names from the workspace down. Since no link is ever followed, `..` can be worked out without asking the disk. */
const namesOf = (from: readonly string[], operand: string): readonly string[] => {
  if (operand.startsWith('/')) {
    throw new AppError(
      'forbidden',
      `${operand} is absolute: without a working sandbox files are named relative to the folder the command runs in`,
    );
  }
  if (operand === '' || operand.includes('\0')) throw new AppError('forbidden', 'a file needs a name');
  const names = [...from];
  for (const name of operand.split('/').filter(isName)) {
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw new AppError('forbidden', `${operand} is outside of the workspace`);
  }
  return names;
};

/** SECURITY: one component at a time, from what is held, following no link at all; never through the gateway's own folders by another name. */
const walk = async (root: FileHandle, names: readonly string[], own: ReadonlySet<string>): Promise<FileHandle> => {
  let here = await open(`/proc/self/fd/${root.fd}`, O_PATH);
  try {
    for (const name of names) {
      const next = await open(`/proc/self/fd/${here.fd}/${name}`, O_PATH | O_NOFOLLOW).catch((error: unknown) => {
        throw new AppError('not_found', `there is nothing that can be read at ${names.join('/')}`, { cause: error });
      });
      await here.close();
      here = next;
      const found = await here.stat({ bigint: true });
      if (found.isSymbolicLink()) {
        throw new AppError(
          'forbidden',
          `${names.join('/')} is or goes through a symbolic link, which is not followed without a working sandbox`,
        );
      }
      if (own.has(identity(found)))
        throw new AppError('forbidden', `${names.join('/')} belongs to the gateway itself, which no tool may reach`);
    }
    return here;
  } catch (error) {
    await here.close();
    throw error;
  }
};

/** SECURITY: devices, sockets and named pipes are not opened: reading one can have an effect, or never end. */
const openToRead = async (target: FileHandle, operand: string, kind: 'file' | 'any'): Promise<FileHandle> => {
  const found = await target.stat();
  const fits = found.isFile() || (kind === 'any' && found.isDirectory());
  if (!fits) throw new AppError('forbidden', `${operand} is not ${kind === 'file' ? 'a plain file' : 'a plain file or folder'}`);
  return open(`/proc/self/fd/${target.fd}`, O_RDONLY | O_NONBLOCK | O_NOCTTY).catch((error: unknown) => {
    throw new AppError('forbidden', `the operating system does not allow reading ${operand}`, { cause: error });
  });
};

const identity = ({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string => `${dev}:${ino}`;

const identities = async (paths: readonly string[]): Promise<ReadonlySet<string>> => {
  const found = await Promise.all(paths.map(async (path) => stat(path, { bigint: true }).catch(() => null)));
  return new Set(found.flatMap((each) => (each === null ? [] : [identity(each)])));
};
