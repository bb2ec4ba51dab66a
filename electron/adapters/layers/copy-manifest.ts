import type { BigIntStats } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { isGone } from './descriptors.ts';

/** What a name in a copy was when it was made. */
export interface Known {
  /** Of the real file; empty where it may have changed while it was read. */
  readonly real: string;
  readonly copy: string;
  /** Null: no folder. */
  readonly inside: KnownFolder | null;
}

export type KnownFolder = ReadonlyMap<string, Known>;

/**
 * What a file is, as far as its folder tells: any write, change of mode or replacement makes it another. SECURITY: the ctime is in it, which nobody
 * can set; an mtime anybody can. Of a folder only the mode counts, since what is in it is looked at anyway.
 */
export const identityOf = (stat: BigIntStats): string => {
  if (stat.isDirectory()) return folderIdentity(Number(stat.mode) & 0o7777);
  return [stat.dev, stat.ino, stat.size, stat.ctimeNs, stat.mode].map((part) => part.toString(36)).join('.');
};

export const folderIdentity = (mode: number): string => `d${mode.toString(8)}`;

type Row = [name: string, real: string, copy: string, inside: Row[] | null];
const rowSchema: z.ZodType<Row> = z.lazy(() => z.tuple([z.string(), z.string(), z.string(), z.array(rowSchema).nullable()]));

const rowsOf = (folder: KnownFolder): Row[] =>
  [...folder].map(([name, { real, copy, inside }]) => [name, real, copy, inside === null ? null : rowsOf(inside)]);

const folderOf = (rows: readonly Row[]): KnownFolder =>
  new Map(rows.map(([name, real, copy, inside]) => [name, { real, copy, inside: inside === null ? null : folderOf(inside) }]));

/** Null when there is none, or none that is whole: then nothing is known of the copy. */
export const readManifest = async (path: string): Promise<KnownFolder | null> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return folderOf(z.array(rowSchema).parse(JSON.parse(text)));
  } catch {
    return null;
  }
};

/** Replaces it as a whole. */
export const writeManifest = async (path: string, folder: KnownFolder): Promise<void> => {
  await writeFile(`${path}.new`, JSON.stringify(rowsOf(folder)), { mode: 0o600 });
  await rename(`${path}.new`, path);
};
