import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { claimedId } from '../core/identity/bearer-token.ts';
import type { TokenId } from '../../shared/domain/identity.ts';

export interface FileToken {
  readonly id: TokenId;
  readonly bearer: string;
}

const sizeLimit = 65_536;
const Minted = z.object({ token: z.string() });

/**
 * Reads a token from a file of ours with mode 0600: the token alone, or the document that `token mint --json` printed. Errors:
 * `forbidden` for a file that others may read, `not_found`, `invalid_input`.
 */
export function readTokenFile(path: string): FileToken {
  const bearer = tokenIn(readPrivate(path));
  const id = claimedId(bearer);
  if (id === null) throw new AppError('invalid_input', `${path} does not hold a token of Gatehouse's. Mint one: gatehouse token mint`);
  return { id, bearer };
}

function readPrivate(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new AppError('not_found', `The token file ${path} cannot be read, or is a link.`, { cause });
  }
  try {
    const found = fstatSync(file);
    // SECURITY: a token that others can read is not used: it would hide that it must be minted anew.
    if (!found.isFile() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
      throw new AppError(
        'forbidden',
        `${path} must be a file of this user with mode 0600. Run: chmod 600 ${path}, and rotate the token if others could read it.`,
      );
    }
    if (found.size > sizeLimit) throw new AppError('invalid_input', `${path} is too large for a token.`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function tokenIn(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return trimmed;
  try {
    return Minted.parse(JSON.parse(trimmed)).token;
  } catch {
    return '';
  }
}
