import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, inRoot } from './paths.mjs';

const isMissing = (error) => error?.code === 'ENOENT';

/** Every file below `folder` (relative to the checkout), sorted, as paths relative to the checkout; a missing folder has none. */
export function filesBelow(folder) {
  try {
    return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)))
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** A digest of names and contents; a missing file counts as empty, so that its coming and going change the digest. */
export function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(contentOf(file));
    hash.update('\0');
  }
  return hash.digest('hex');
}

function contentOf(file) {
  try {
    return readFileSync(inRoot(file));
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
