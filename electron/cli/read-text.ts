import { readFileSync } from 'node:fs';
import { AppError } from '../../shared/errors.ts';

/** A file that the command line names. Errors: `not_found`. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('not_found', `${path} cannot be read.`, { cause });
  }
}
