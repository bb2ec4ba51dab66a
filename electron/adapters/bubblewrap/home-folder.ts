import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';

/** Opens the HOME that is kept for a workspace, private to us. The caller closes it. Errors: `unavailable`. */
export const openHomeFolder = async (stateDir: string, workspace: string): Promise<FileHandle> => {
  const path = join(stateDir, 'homes', createHash('sha256').update(workspace).digest('hex').slice(0, 32));
  const refuse = (cause?: unknown): AppError =>
    new AppError('unavailable', `${path} cannot be used as a HOME for commands: remove it`, { cause });
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw refuse(error);
  });
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw refuse(error);
  });
  try {
    const stat = await handle.stat();
    if (stat.uid !== process.getuid?.()) throw refuse();
    if ((stat.mode & 0o777) !== 0o700) await handle.chmod(0o700);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
};
