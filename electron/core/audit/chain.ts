import { createHash } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { AuditBody, type AuditEvent, type AuditProblem, type NewAuditEvent } from '../../../shared/domain/audit.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import type { JsonValue } from '../../../shared/json.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { RawAuditRow } from '../ports/store.ts';

/** The newest row of a chain: what the next one is hashed onto. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: Digest;
}

/** Before the first row: 32 zero bytes. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) as Digest };

/** Problems beyond this many are not listed: one edited row and a scrambled file need the same answer. */
const MAX_PROBLEMS = 100;

/** `SHA-256(previous hash ‖ UTF-8 bytes of the body)`, the previous hash as its 32 bytes. */
export function chainHash(previous: Digest, body: string): Digest {
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(body, 'utf8').digest('hex') as Digest;
}

/**
 * Gives an event its place: the row to store, and the same as an event. `time` is ISO 8601 in UTC with milliseconds.
 * Errors: `invalid_input` when the event does not hold to its schema or has no canonical form; such an event is never stored,
 * because the log would not verify after it.
 */
export function nextRow(
  previous: ChainHead,
  event: NewAuditEvent,
  time: string,
): { readonly row: RawAuditRow; readonly event: AuditEvent } {
  const seq = previous.seq + 1;
  const parsed = AuditBody.safeParse({ ...event, v: 1, seq, time });
  if (!parsed.success)
    throw new AppError('invalid_input', `An audit event of type ${event.type} is malformed, so it was not stored.`, {
      cause: parsed.error,
    });
  const body = canonicalJson(parsed.data);
  const hash = chainHash(previous.hash, body);
  return { row: { seq, body, hash }, event: { ...parsed.data, hash } };
}

/** The body of a stored row, or null when it is not exactly the canonical text of a well-formed body. */
export function parseBody(text: string): AuditBody | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
    // SECURITY: duplicate keys and other spellings parse to the same object; only the one canonical text counts.
    if (canonicalJson(value as JsonValue) !== text) return null;
  } catch {
    return null;
  }
  const parsed = AuditBody.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export interface ChainVerdict {
  readonly events: number;
  readonly head: ChainHead;
  readonly problems: readonly AuditProblem[];
}

export interface ChainCheck {
  /** Takes the next row in the order it is stored; answers its body when that is well-formed. */
  add(row: RawAuditRow): AuditBody | null;
  /** Adds a problem that only the holder of the rows can see. */
  report(problem: AuditProblem): void;
  verdict(): ChainVerdict;
}

/**
 * Walks a chain row by row in constant memory. After a bad row it goes on from that row's stored hash, so that what is named is
 * the row that was touched and not everything behind it.
 */
export function createChainCheck(start: ChainHead = GENESIS): ChainCheck {
  let head = start;
  let events = 0;
  const problems: AuditProblem[] = [];
  const report = (problem: AuditProblem): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  return {
    report,
    verdict: () => ({ events, head, problems }),
    add(row) {
      events += 1;
      const body = parseBody(row.body);
      if (row.seq <= head.seq) {
        reportLate(problems, row.seq, report);
        return body;
      }
      if (row.seq > head.seq + 1) report({ seq: head.seq + 1, kind: 'gap' });
      const isLinked = row.seq === head.seq + 1;
      const kind = rowProblem(row, body, isLinked ? head.hash : null);
      if (kind !== null) report({ seq: row.seq, kind });
      head = { seq: row.seq, hash: row.hash };
      return body;
    },
  };
}

// A row that comes late was first taken for a gap.
function reportLate(problems: AuditProblem[], seq: number, report: (problem: AuditProblem) => void): void {
  const gap = problems.findIndex((problem) => problem.kind === 'gap' && problem.seq === seq);
  if (gap === -1) report({ seq, kind: 'reordered' });
  else problems[gap] = { seq, kind: 'reordered' };
}

function rowProblem(row: RawAuditRow, body: AuditBody | null, previous: Digest | null): AuditProblem['kind'] | null {
  if (body !== null && body.seq !== row.seq) return 'reordered';
  if (!Digest.safeParse(row.hash).success) return 'malformed';
  if (previous !== null && chainHash(previous, row.body) !== row.hash) return 'hash_mismatch';
  return body === null ? 'malformed' : null;
}

/** `createChainCheck` over rows that are at hand. */
export function verifyRows(rows: Iterable<RawAuditRow>, start: ChainHead = GENESIS): ChainVerdict {
  const check = createChainCheck(start);
  for (const row of rows) check.add(row);
  return check.verdict();
}
