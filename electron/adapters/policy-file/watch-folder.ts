import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';

/** How long a folder must be quiet: an editor changes a file in several motions. Milliseconds. */
const quietMs = 100;

/**
 * Calls back after something in a folder changed; made, private, when it is missing. The returned function stops watching.
 * Errors: `unavailable`.
 */
export async function watchFolder(folder: string, onChange: () => void): Promise<() => void> {
  let timer: NodeJS.Timeout | null = null;
  const settle = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(onChange, quietMs);
  };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const watcher = watch(folder, { persistent: false }, settle);
    // A folder that goes away ends the watch; reading then says what is there.
    watcher.on('error', settle);
    return () => {
      if (timer !== null) clearTimeout(timer);
      watcher.close();
    };
  } catch (cause) {
    throw new AppError('unavailable', `${folder} cannot be watched for changes. Check that it is a folder of yours.`, { cause });
  }
}
