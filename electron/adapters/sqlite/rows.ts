import { AppError } from '../../../shared/errors.ts';

export type Row = Record<string, unknown>;

/** The record that a row's `body` holds. Errors: `unavailable`. SECURITY: authority is read from these rows; one that does not hold to its schema gives none. */
export function parsed<T>(row: Row, schema: { parse(value: unknown): T }): T {
  try {
    return schema.parse(JSON.parse(String(row['body'])));
  } catch (cause) {
    throw new AppError('unavailable', 'A row of the database is not as it was written. Run "gatehouse doctor", or restore a backup.', {
      cause,
    });
  }
}
