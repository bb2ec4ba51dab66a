import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/** The longest path that Linux takes for a Unix socket, in bytes without the final NUL. */
const longestPath = 107;

/**
 * Where the operator's socket of a data directory is: inside it, or, where that path is too long for a socket, in a folder of the
 * user's runtime directory whose name follows the data directory's. Errors: `unavailable` when neither is possible.
 */
export function operatorSocketPath(dataDir: string, runtimeDir: string | undefined): string {
  const own = join(resolve(dataDir), 'operator.sock');
  if (Buffer.byteLength(own) <= longestPath) return own;
  if (runtimeDir === undefined || runtimeDir === '') {
    throw new AppError('unavailable', `${own} is too long for a socket, and XDG_RUNTIME_DIR is not set. Choose a shorter --data-dir.`);
  }
  const hash = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  const moved = join(runtimeDir, `gatehouse-${hash}`, 'operator.sock');
  if (Buffer.byteLength(moved) <= longestPath) return moved;
  throw new AppError('unavailable', `${own} is too long for a socket, and so is ${moved}. Choose a shorter --data-dir.`);
}
