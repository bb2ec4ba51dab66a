import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { FileVersion } from '../../shared/domain/change.ts';
import type { Digest } from '../../shared/domain/identity.ts';

/** Everything below a folder by its path in it, links and modes included; the folder itself is not in it. */
export function treeSnapshot(folder: string): Record<string, FileVersion> {
  const tree: Record<string, FileVersion> = {};
  const walk = (inside: string): void => {
    for (const name of readdirSync(join(folder, inside)).sort()) {
      const path = inside === '' ? name : `${inside}/${name}`;
      const version = versionAt(join(folder, path));
      tree[path] = version;
      if (version.type === 'directory') walk(path);
    }
  };
  walk('');
  return tree;
}

function versionAt(path: string): FileVersion {
  const stat = lstatSync(path);
  const mode = stat.mode & 0o7777;
  if (stat.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path) };
  if (stat.isDirectory()) return { type: 'directory', mode };
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex') as Digest;
  return { type: 'file', mode, size: stat.size, sha256 };
}
