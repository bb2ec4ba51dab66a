import { createHash } from 'node:crypto';
import { constants, createReadStream, type BigIntStats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Operand } from '../../../shared/domain/call.ts';
import { Digest } from '../../../shared/domain/identity.ts';

export interface FindProgramDeps {
  /** As in the environment: folders, separated by colons. */
  readonly path: string;
  /** Whether agents can write below this place, so that nothing there is a program of the operator's. */
  readonly isAgents: (path: string) => boolean;
}

/** Bytes of a program that is hashed. */
const sizeLimit = 1024n * 1024n * 1024n;
const cacheLimit = 500;

/**
 * Programs of this machine by their bare names. SECURITY: only from absolute folders, only files that nobody but root or ourselves can replace, and
 * never from where an agent writes: what runs here runs outside the sandbox.
 */
export const createFindProgram = ({ path, isAgents }: FindProgramDeps): ((name: string) => Promise<Operand | null>) => {
  const folders = path.split(':').filter(isAbsolute);
  const hashes = new Map<string, Digest>();

  const hash = async (file: string, found: BigIntStats): Promise<Digest> => {
    const stamp = [file, found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
    const known = hashes.get(stamp);
    if (known !== undefined) return known;
    const hasher = createHash('sha256');
    for await (const chunk of createReadStream(file)) hasher.update(chunk as Uint8Array);
    const digest = Digest.parse(hasher.digest('hex'));
    if (hashes.size >= cacheLimit) hashes.clear();
    hashes.set(stamp, digest);
    return digest;
  };

  const usable = async (candidate: string): Promise<Operand | null> => {
    const file = await realpath(candidate).catch(() => null);
    if (file === null || isAgents(file) || isAgents(candidate)) return null;
    const found = await stat(file, { bigint: true });
    if (!found.isFile() || found.size > sizeLimit || !isOurs(found)) return null;
    for (const folder of [dirname(candidate), dirname(file)]) if (!isOurs(await stat(folder, { bigint: true }))) return null;
    const canRun = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    // By its own name, not where that leads: programs such as iptables are many in one, and go by the name that they are called by.
    return canRun ? { path: candidate, sha256: await hash(file, found) } : null;
  };

  return async (name) => {
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) return null;
    for (const folder of folders) {
      const found = await usable(join(folder, name)).catch(() => null);
      if (found !== null) return found;
    }
    return null;
  };
};

/** Of root or of our own user, and nobody else may write to it. */
const isOurs = ({ uid, mode }: BigIntStats): boolean => {
  const own = process.geteuid?.();
  return (uid === 0n || uid === BigInt(own ?? -1)) && (mode & 0o022n) === 0n;
};
