import { holdChild, using, type Held } from './descriptors.ts';

/** fuse-overlayfs takes names that begin so for marks, in the layer and in the real folder alike, and shows none of them. */
const prefix = '.wh.';
const isMark = (name: string): boolean => name.startsWith(prefix);
/** An opaque folder, and what it takes for the deletion of that. Whether a folder hides what is below is found out by looking. */
const ofFolder: ReadonlySet<string> = new Set(['.wh..wh..opq', '.wh..opq']);

/** What the names in a folder of a layer mean. */
export interface ReadNames {
  /** What the layer holds. */
  readonly entries: readonly string[];
  /** What it marks as deleted by a name. */
  readonly deleted: ReadonlySet<string>;
  /** Names like marks that are none; they never leave the layer. */
  readonly strange: readonly string[];
}

/**
 * Tells marks from entries in an upper folder of fuse-overlayfs's. Where it cannot make a device 0:0, an empty file `.wh.NAME` marks NAME as deleted.
 * SECURITY: a command can make such names too (a rename, a link, a folder). So a mark counts only for what the task does not see either; then it says
 * no more than an unlink would.
 */
export const readFuseMarks = async (names: readonly string[], upper: Held, merged: () => Promise<Held | null>): Promise<ReadNames> => {
  const entries = names.filter((name) => !isMark(name));
  const known = new Set(entries);
  const deleted = new Set<string>();
  const strange: string[] = [];
  const marks = names.filter((name) => isMark(name) && !ofFolder.has(name));
  const shown = marks.length === 0 ? null : await merged();
  try {
    for (const mark of marks) {
      const name = mark.slice(prefix.length);
      const isReal = shown !== null && !known.has(name) && (await isEmptyFile(upper, mark)) && !(await isThere(shown, name));
      if (isReal) deleted.add(name);
      else strange.push(mark);
    }
  } finally {
    await shown?.handle.close();
  }
  return { entries, deleted, strange };
};

const isEmptyFile = async (folder: Held, name: string): Promise<boolean> => {
  const child = await holdChild(folder, name);
  return child !== null && using(child, async ({ stat }) => stat.isFile() && stat.size === 0n);
};

const isThere = async (folder: Held, name: string): Promise<boolean> => {
  const child = await holdChild(folder, name);
  await child?.handle.close();
  return child !== null;
};

/** Of the names in a real folder, those that fuse-overlayfs shows to nobody: the task cannot have decided on them. */
export const unseenNames = (names: readonly string[]): ReadonlySet<string> => {
  const all = new Set(names);
  return new Set(names.filter((name) => isMark(name) || all.has(`${prefix}${name}`)));
};

/** Held paths, and beside each the name that would mark it as deleted, so that it is kept with them. */
export const withMarks = (held: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  held.flatMap((path) => {
    const name = path.at(-1);
    return name === undefined ? [path] : [path, [...path.slice(0, -1), `${prefix}${name}`]];
  });
