import type { AuditBody, AuditEvent } from '../../../shared/domain/audit.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { checkLimit, checkSeq, containsText, isOldestFirst } from '../../core/audit/audit-query.ts';
import { GENESIS, parseBody, type ChainHead } from '../../core/audit/chain.ts';
import type { AuditQuery, RawAuditRow, Store } from '../../core/ports/store.ts';
import type { Database } from './database.ts';

/** Rows looked at before others get their turn on the thread. */
const SLICE = 2_000;

/** Bound by position, never spliced into the statement. */
interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export type AuditRange = Parameters<Store['auditRows']>[0];

/** Lets what waits on this thread run: commits above all. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function readHead(db: Database): ChainHead {
  const row = db.prepare('SELECT seq, hash FROM audit_events ORDER BY seq DESC LIMIT 1').get();
  return row === undefined ? GENESIS : { seq: Number(row['seq']), hash: String(row['hash']) as Digest };
}

/** Appends one row; its columns come from the body, and `verify` compares them again. */
export function insertRow(db: Database, row: RawAuditRow, body: AuditBody): void {
  db.prepare('INSERT INTO audit_events (seq, time, type, agent, call_id, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    row.seq,
    body.time,
    body.type,
    body.agent,
    body.call_id,
    row.body,
    row.hash,
  );
}

/** The stored bytes of a range, oldest first. Errors: `invalid_input` for a limit or cursor that is not one. */
export function readRows(db: Database, range: AuditRange): readonly RawAuditRow[] {
  checkSeq(range.after_seq);
  const where = all([
    cond('seq > ?', range.after_seq),
    ...(range.from === undefined ? [] : [cond('time >= ?', range.from)]),
    ...(range.to === undefined ? [] : [cond('time <= ?', range.to)]),
  ]);
  const rows = db
    .prepare(`SELECT seq, body, hash FROM audit_events WHERE ${where.sql} ORDER BY seq LIMIT ?`)
    .all(...where.values, checkLimit(range.limit));
  return rows.map((row) => ({ seq: Number(row['seq']), body: String(row['body']), hash: String(row['hash']) as Digest }));
}

/**
 * Finds events, newest first unless only `after_seq` is given. A search for text looks at every row, so it goes slice by slice.
 * Errors: `invalid_input` for a limit or cursor that is not one, `unavailable` when a row it meets is malformed.
 */
export async function searchEvents(db: Database, query: AuditQuery): Promise<readonly AuditEvent[]> {
  checkLimit(query.limit);
  if (query.before_seq !== undefined) checkSeq(query.before_seq);
  if (query.after_seq !== undefined) checkSeq(query.after_seq);
  return query.text === undefined ? select(db, query, []) : searchText(db, query, query.text);
}

async function searchText(db: Database, query: AuditQuery, text: string): Promise<readonly AuditEvent[]> {
  const lowest = Math.max(query.after_seq ?? 0, 0);
  const highest = Math.min(query.before_seq ?? Infinity, readHead(db).seq + 1);
  const found: AuditEvent[] = [];
  for (let done = 0; lowest + done + 1 < highest && found.length < query.limit; done += SLICE) {
    const after = isOldestFirst(query) ? lowest + done : Math.max(highest - done - SLICE - 1, lowest);
    const before = isOldestFirst(query) ? Math.min(lowest + done + SLICE + 1, highest) : highest - done;
    const slice = select(db, { ...query, limit: query.limit - found.length }, [cond('seq > ?', after), cond('seq < ?', before)], text);
    found.push(...slice);
    await nextTurn();
  }
  return found;
}

function select(db: Database, query: AuditQuery, bounds: readonly Condition[], text?: string): AuditEvent[] {
  const where = all([...conditions(query), ...bounds]);
  const order = isOldestFirst(query) ? 'ASC' : 'DESC';
  const limit = text === undefined ? query.limit : SLICE;
  const rows = db
    .prepare(`SELECT seq, body, hash FROM audit_events WHERE ${where.sql} ORDER BY seq ${order} LIMIT ?`)
    .all(...where.values, limit);
  const matching = text === undefined ? rows : rows.filter((row) => containsText(String(row['body']), text));
  return matching.slice(0, query.limit).map((row) => eventOf(Number(row['seq']), String(row['body']), String(row['hash']) as Digest));
}

function conditions(query: AuditQuery): Condition[] {
  const found: Condition[] = [];
  if (query.types !== undefined) found.push({ sql: `type IN (${query.types.map(() => '?').join(', ')})`, values: query.types });
  if (query.agent !== undefined) found.push(cond('agent = ?', query.agent));
  if (query.call_id !== undefined) found.push(cond('call_id = ?', query.call_id));
  if (query.from !== undefined) found.push(cond('time >= ?', query.from));
  if (query.to !== undefined) found.push(cond('time <= ?', query.to));
  if (query.before_seq !== undefined) found.push(cond('seq < ?', query.before_seq));
  if (query.after_seq !== undefined) found.push(cond('seq > ?', query.after_seq));
  return found;
}

const cond = (sql: string, value: string | number): Condition => ({ sql, values: [value] });

const all = (parts: readonly Condition[]): Condition => ({
  sql: parts.map((part) => part.sql).join(' AND ') || 'TRUE',
  values: parts.flatMap((part) => part.values),
});

function eventOf(seq: number, text: string, hash: Digest): AuditEvent {
  const body = parseBody(text);
  // SECURITY: a row that was tampered with is not shown as if it were evidence.
  if (body === null || body.seq !== seq)
    throw new AppError(
      'unavailable',
      `Event ${seq} of the log is not as it was written. Run "gatehouse audit verify" to see what was changed.`,
    );
  return { ...body, hash };
}
