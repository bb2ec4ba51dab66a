import { AppError } from '../../../shared/errors.ts';

const PRIMARY_CODE = 0xff;
const BUSY = 5;
const LOCKED = 6;
const FULL = 13;
const CONSTRAINT = 19;
const IOERR_WRITE = 778;

const REASONS: Readonly<Record<number, string>> = {
  5: 'another program holds the database locked',
  6: 'another program holds the database locked',
  7: 'there is no memory left',
  8: 'the database is read-only',
  10: 'the disk failed to read or write',
  11: 'the database file is damaged',
  13: 'the disk is full',
  14: 'the database file cannot be opened',
  23: 'access to the database is not allowed',
  26: 'the file is not a Gatehouse database, or it is damaged',
};

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file would grow beyond its limit',
  ENOTDIR: 'a part of its path is not a folder',
  EIO: 'the disk failed to read or write',
};

/** SQLite's extended result code, or null when the error is not SQLite's. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

const primaryOf = (error: unknown): number => (codeOf(error) ?? 0) & PRIMARY_CODE;

export const isSqliteError = (error: unknown): boolean => codeOf(error) !== null;

export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(primaryOf(error));

export const isConstraint = (error: unknown): boolean => primaryOf(error) === CONSTRAINT;

/** No room: ENOSPC is SQLITE_FULL; a quota and a file size limit are failed writes. */
export const isOutOfSpace = (error: unknown): boolean => primaryOf(error) === FULL || codeOf(error) === IOERR_WRITE;

/** What went wrong, for the operator: a clause without a capital or a full stop. */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const code = codeOf(error);
  if (code !== null) return REASONS[code & PRIMARY_CODE] ?? `SQLite answered ${code}`;
  const system = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'an unknown error';
  return SYSTEM_REASONS[system] ?? `the system answered ${system}`;
}
