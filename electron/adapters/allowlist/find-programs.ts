import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Runner } from '../../core/ports/runner.ts';
import { programNames } from './read-command.ts';

/** SECURITY: never the operator's PATH, which may hold folders that an agent or anybody else can write. */
const systemFolders = ['/usr/bin', '/bin'];

/** The listed programs that this machine has in the version whose options the list is about. By name, absolute and resolved. */
export const findPrograms = async (runner: Runner, signal: AbortSignal): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const name of programNames()) {
    // pwd is answered by the gateway, printed by echo.
    if (name === 'pwd') continue;
    const path = await findProgram(name);
    if (path !== null && (await isGnu(runner, path, signal))) found.set(name, path);
  }
  return found;
};

const findProgram = async (name: string): Promise<string | null> => {
  for (const folder of systemFolders) {
    const path = await realpath(join(folder, name)).catch(() => null);
    // One program under many names is told what it is by the name, and is not what the list is about.
    if (path === null || basename(path) !== name) continue;
    const { uid, mode } = await stat(path);
    // SECURITY: a program that others can change is not the program that was meant.
    if (uid !== 0 || (mode & 0o022) !== 0) continue;
    if (await isRunnable(path)) return path;
  }
  return null;
};

const isRunnable = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const isGnu = async (runner: Runner, path: string, signal: AbortSignal): Promise<boolean> => {
  const options = { env: { LANG: 'C.UTF-8' }, cwd: '/', descriptors: [], tty: false, timeoutMs: 5000, outputLimit: 4096 };
  const { exit, output } = await runner.run({ argv: [path, '--version'], ...options }, signal);
  return exit.kind === 'exited' && exit.code === 0 && /^\S+ \(GNU /.test(output);
};
