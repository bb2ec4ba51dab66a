import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ReadSecret, SecretSource } from '../../core/ports/secret-source.ts';

/** Bytes of a secret, and of a file of certificates. */
const longestSecret = 4096;
const longestCertificates = 262_144;

const refuse = (why: string): ReadSecret => ({ ok: false, why });

/** The `SecretSource` port over files and the environment that the process was started with. */
export function createSecretFiles(env: Readonly<Record<string, string | undefined>>): SecretSource {
  return {
    async read(reference) {
      const name = /^env:([A-Za-z_][A-Za-z0-9_]{0,99})$/.exec(reference)?.[1];
      if (name !== undefined) {
        const value = env[name];
        return value === undefined || value === '' ? refuse(`the variable ${name} is not set`) : usable(value, name);
      }
      if (reference.startsWith('env:')) return refuse('after env: stands the name of a variable');
      return await readFile(reference, longestSecret, (mode, uid) => {
        // SECURITY: what others can read is no secret, and what others can write is not ours.
        if (uid !== process.getuid?.()) return `${reference} belongs to another user; it must be yours`;
        return (mode & 0o077) === 0 ? null : `${reference} can be read by others: chmod 600 ${reference}`;
      }).then((found) => (found.ok ? usable(found.value, reference) : found));
    },
    async certificates(path) {
      return await readFile(path, longestCertificates, (mode, uid) => {
        if (uid !== process.getuid?.() && uid !== 0) return `${path} belongs to another user`;
        return (mode & 0o022) === 0 ? null : `${path} can be changed by others: chmod go-w ${path}`;
      });
    },
    async ensure(path) {
      let file: FileHandle;
      try {
        file = await open(path, 'wx', 0o600);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
        throw error;
      }
      try {
        await file.writeFile(`${randomBytes(32).toString('hex')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

async function readFile(path: string, most: number, problem: (mode: number, uid: number) => string | null): Promise<ReadSecret> {
  if (!isAbsolute(path)) return refuse('it must be an absolute path, or env:NAME');
  let file: FileHandle | null = null;
  try {
    // SECURITY: not through a link, and without waiting for whoever holds the other end of a pipe.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) return refuse(`${path} is not a plain file`);
    const why = problem(found.mode & 0o777, found.uid);
    if (why !== null) return refuse(why);
    if (found.size > most) return refuse(`${path} is too long`);
    return { ok: true, value: (await file.readFile('utf8')).replace(/\r?\n$/, '') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return refuse(code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code})`);
  } finally {
    await file?.close();
  }
}

/** SECURITY: what stands in a header or a signature is one line of visible ASCII. */
function usable(value: string, where: string): ReadSecret {
  return /^[\x21-\x7e]{1,4096}$/.test(value) ? { ok: true, value } : refuse(`${where} does not hold one line of plain characters`);
}
