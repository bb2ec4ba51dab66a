import { randomBytes } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file without a name: reachable through its descriptor only. */
export const openPrivateFile = async (content: string | Uint8Array = ''): Promise<FileHandle> => {
  const path = join(tmpdir(), `gatehouse-${randomBytes(12).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    if (content.length > 0) await file.writeFile(content);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
};
