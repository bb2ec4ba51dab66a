import { randomBytes } from 'node:crypto';
import { constants, watch, type FSWatcher } from 'node:fs';
import { link, open, readFile, rename, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { policyVersion } from '../../core/policy/policy-version.ts';
import type { PolicyFile } from '../../core/ports/policy-file.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * `policy.yaml` on disk. The folder is watched, not the file, so that an editor's rename over it is seen too; changes within `debounceMs`
 * (default 100) count as one.
 */
export function createPolicyFile(path: string, options: { readonly debounceMs?: number } = {}): PolicyFile {
  const read = async (): Promise<string | null> => {
    const file = await openOrNull(path);
    if (file === null) return null;
    try {
      return await readText(path, file);
    } finally {
      await file.close();
    }
  };
  return {
    path,
    read,
    version: async () => read().then(policyVersion, () => 'unreadable'),
    write: async (text) => replaceFile(path, text),
    watch: (onChange) => watchFile(path, options.debounceMs ?? 100, onChange),
  };
}

/**
 * Copies the shipped default to `path`, mode 0600, whole or not at all, and only where nothing stands yet.
 * Returns whether it did. Errors: `unavailable`.
 */
export async function installDefaultPolicy(path: string, shipped: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, await readFile(shipped), { mode: 0o600, flag: 'wx', flush: true });
    // A link, not a rename: it fails when the name is taken, also by a link that leads nowhere.
    await link(temporary, path);
    return true;
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) return false;
    throw new AppError('unavailable', `The default policy could not be written to ${path}. Check that the folder can be written.`, {
      cause,
    });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** A rename, so that a reader sees the one text or the other; a link in the file's place is replaced, not followed. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new AppError('unavailable', `The policy could not be written to ${path}. Check that the folder can be written.`, { cause });
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    // SECURITY: a pipe in the file's place must not hang the gateway; a link would let whoever can write at its other end, an agent in its
    // workspace perhaps, say what the policy is.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return null;
    if (isCode(cause, 'ELOOP')) throw unreadable(path, 'it is a symbolic link; put the file itself there', cause);
    throw unreadable(path, 'it cannot be opened; check its permissions', cause);
  }
}

async function readText(path: string, file: FileHandle): Promise<string> {
  const found = await file.stat();
  if (!found.isFile()) throw unreadable(path, 'it is not an ordinary file');
  // SECURITY: in a folder that was open to others before we closed it, another user may have left it.
  if (found.uid !== process.geteuid?.()) throw unreadable(path, `it belongs to another user (uid ${found.uid}); replace it with your own`);
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (let more = 1; more > 0 && length <= MAX_BYTES; length += more) {
    more = (await file.read(buffer, length, buffer.length - length, length)).bytesRead;
  }
  if (length > MAX_BYTES) throw unreadable(path, 'it is larger than 1 MB');
  try {
    // A byte order mark is kept, so that the policy's own check can refuse it by line.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length));
  } catch (cause) {
    throw unreadable(path, 'it is not valid UTF-8', cause);
  }
}

const unreadable = (path: string, why: string, cause?: unknown) =>
  new AppError('unavailable', `${path} cannot be used: ${why}.`, { cause });

const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

function watchFile(path: string, debounceMs: number, onChange: () => void): () => void {
  const name = basename(path);
  let timer: NodeJS.Timeout | null = null;
  const settle = () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs);
  };
  const watcher = startWatching(path, (changed) => {
    if (changed === null || changed === name) settle();
  });
  // A folder that goes away ends the watch; reading then says what is wrong.
  watcher.on('error', settle);
  return () => {
    if (timer !== null) clearTimeout(timer);
    watcher.close();
  };
}

function startWatching(path: string, onName: (name: string | null) => void): FSWatcher {
  try {
    return watch(dirname(path), { persistent: false }, (_event, name) => {
      onName(name);
    });
  } catch (cause) {
    throw unreadable(path, 'its folder cannot be watched for changes', cause);
  }
}
