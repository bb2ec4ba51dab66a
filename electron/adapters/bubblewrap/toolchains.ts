import { constants, type Dirent } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toolchainKinds, type ToolchainKind } from './toolchain-table.ts';

/** A toolchain that was found under HOME. */
export interface Toolchain {
  readonly name: string;
  /** What is shown of it, absolute: folders and files that are no links themselves. */
  readonly paths: readonly string[];
  /** Folders for PATH. */
  readonly bin: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Pattern = readonly string[];

/**
 * What of the operator's toolchains commands may see. A folder is shown whole only when everything in it is on the list; where it also
 * holds something else, such as a file with keys, only the parts that are.
 */
export const detectToolchains = async (home: string): Promise<readonly Toolchain[]> => {
  const realHome = await realpath(home).catch(() => null);
  if (realHome === null || realHome === '/') return [];
  const found = await Promise.all(toolchainKinds.map(async (kind) => detect(kind, realHome)));
  const programs = await detectPrograms(join(realHome, '.local/bin'));
  return [...found, programs].filter((each) => each !== null && each.paths.length > 0) as Toolchain[];
};

const detect = async (kind: ToolchainKind, home: string): Promise<Toolchain | null> => {
  const root = join(home, kind.root);
  // SECURITY: a link could lead to anything.
  if ((await realpath(root).catch(() => null)) !== root) return null;
  const shown = await show(root, kind.show.map(split));
  const paths = shown.isWhole && shown.paths.length > 0 ? [root] : shown.paths;
  const isShown = (path: string): boolean =>
    paths.some((each) => path === each || path.startsWith(`${each}/`) || each.startsWith(`${path}/`));
  const bins = await Promise.all(kind.bin.map(async (pattern) => highest(root, split(pattern))));
  const env = Object.entries(kind.env ?? {}).map(([name, path]) => [name, join(root, path)] as const);
  return {
    name: kind.name,
    paths,
    bin: bins.filter((path): path is string => path !== null && isShown(path)),
    env: paths.length === 0 ? {} : Object.fromEntries(env),
  };
};

const split = (pattern: string): Pattern => pattern.split('/');

interface Shown {
  readonly paths: readonly string[];
  /** Whether there is nothing in the folder that is not shown. */
  readonly isWhole: boolean;
}

const show = async (folder: string, patterns: readonly Pattern[]): Promise<Shown> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return { paths: [], isWhole: false };
  const shown = await Promise.all(entries.map(async (entry) => showEntry(folder, entry, patterns)));
  return { paths: shown.flatMap(({ paths }) => paths), isWhole: shown.every(({ isWhole }) => isWhole) };
};

const showEntry = async (folder: string, entry: Dirent, patterns: readonly Pattern[]): Promise<Shown> => {
  const path = join(folder, entry.name);
  const fitting = patterns.filter(([first]) => first === '*' || first === entry.name).map(([, ...rest]) => rest);
  if (fitting.length === 0) return { paths: [], isWhole: false };
  // A link is no more than a name; it is shown where its folder is.
  if (entry.isSymbolicLink()) return { paths: [], isWhole: true };
  if (fitting.some((rest) => rest.length === 0)) {
    const isPlain = entry.isFile() || entry.isDirectory();
    return { paths: isPlain ? [path] : [], isWhole: isPlain };
  }
  if (!entry.isDirectory()) return { paths: [], isWhole: false };
  const inner = await show(path, fitting);
  return inner.isWhole && inner.paths.length > 0 ? { paths: [path], isWhole: true } : inner;
};

const byVersion = new Intl.Collator('en', { numeric: true });

/** The folder that fits, of several the one with the highest version. */
const highest = async (folder: string, [first, ...rest]: Pattern): Promise<string | null> => {
  if (first === undefined) return (await isFolder(folder)) ? folder : null;
  if (first !== '*') return highest(join(folder, first), rest);
  const names = (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
  for (const { name } of names.sort((a, b) => byVersion.compare(b.name, a.name))) {
    const found = await highest(join(folder, name), rest);
    if (found !== null) return found;
  }
  return null;
};

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** More than these would each cost a mount. */
const mostPrograms = 40;

/** `~/.local/bin`: whole when there is nothing but programs in it, else one by one. */
const detectPrograms = async (folder: string): Promise<Toolchain | null> => {
  if ((await realpath(folder).catch(() => null)) !== folder) return null;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const programs: string[] = [];
  let isWhole = true;
  for (const entry of entries) {
    if (entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    const isProgram =
      entry.isFile() &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ));
    if (isProgram && ((await stat(path)).mode & 0o111) !== 0) programs.push(path);
    else isWhole = false;
  }
  const paths = isWhole && entries.length > 0 ? [folder] : programs.slice(0, mostPrograms);
  return { name: 'local programs', paths, bin: [folder], env: {} };
};
