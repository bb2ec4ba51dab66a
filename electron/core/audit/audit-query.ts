import { AppError } from '../../../shared/errors.ts';
import type { AuditBody } from '../../../shared/domain/audit.ts';
import type { AuditQuery } from '../ports/store.ts';

/** Checks a row limit before it reaches a database, where −1 would mean "all". Errors: `invalid_input`. */
export function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new AppError('invalid_input', `The limit must be a whole number from 0 up, and is ${limit}. Ask again with one.`);
}

/** Checks a sequence number used as a cursor. Errors: `invalid_input`. */
export function checkSeq(seq: number): number {
  if (Number.isSafeInteger(seq)) return seq;
  throw new AppError('invalid_input', `The sequence number must be a whole number, and is ${seq}. Ask again with one.`);
}

/** Newest first, unless only `after_seq` is given. */
export const isOldestFirst = (query: AuditQuery): boolean => query.after_seq !== undefined && query.before_seq === undefined;

/** Whether a stored body contains a text, without regard to case. */
export const containsText = (body: string, text: string): boolean => body.toLowerCase().includes(text.toLowerCase());

/** Whether an event is one that the query asks for. `from` and `to` are both inclusive. */
export function matchesQuery(event: AuditBody, body: string, query: AuditQuery): boolean {
  return (
    (query.types === undefined || query.types.includes(event.type)) &&
    (query.agent === undefined || event.agent === query.agent) &&
    (query.call_id === undefined || event.call_id === query.call_id) &&
    (query.from === undefined || event.time >= query.from) &&
    (query.to === undefined || event.time <= query.to) &&
    (query.before_seq === undefined || event.seq < query.before_seq) &&
    (query.after_seq === undefined || event.seq > query.after_seq) &&
    (query.text === undefined || containsText(body, query.text))
  );
}
