import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE } from './paths.mjs';

const fileOf = (name) => join(CACHE, 'stamps', name);

/** What `writeStamp` last recorded under this name, or null. */
export function readStamp(name) {
  try {
    return readFileSync(fileOf(name), 'utf8');
  } catch {
    return null;
  }
}

/** Records that `name` is up to date with `digest`. */
export const writeStamp = (name, digest) => writeAtomically(fileOf(name), digest);

export const clearStamp = (name) => rmSync(fileOf(name), { force: true });

/** Replaces a file in one step: a reader, or a kill, never meets half of it. */
export function writeAtomically(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  const half = `${file}.${process.pid}.half`;
  writeFileSync(half, content);
  renameSync(half, file);
}
