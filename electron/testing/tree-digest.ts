import { createHash } from 'node:crypto';
import { lstat, readdir, readlink } from 'node:fs/promises';

/**
 * One hash of a whole tree: names, kinds, modes, owners, sizes, links and times. The oracle for "nothing was touched": no write leaves a ctime as it was,
 * and nobody can set one.
 */
export const treeDigest = async (folder: string): Promise<string> => {
  const hash = createHash('sha256');
  const visit = async (path: Buffer): Promise<void> => {
    const stat = await lstat(path, { bigint: true });
    const parts = [path.toString('hex'), stat.mode, stat.uid, stat.gid, stat.ino, stat.nlink, stat.size, stat.mtimeNs, stat.ctimeNs];
    if (stat.isSymbolicLink()) parts.push(await readlink(path));
    hash.update(`${parts.join(' ')}\n`);
    if (!stat.isDirectory() || (stat.mode & 0o400n) === 0n) return;
    for (const name of (await readdir(path, { encoding: 'buffer' })).sort((a, b) => Buffer.compare(a, b))) {
      await visit(Buffer.concat([path, Buffer.from('/'), name]));
    }
  };
  await visit(Buffer.from(folder));
  return hash.digest('hex');
};
