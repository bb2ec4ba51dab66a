import type { AuditVerification } from '../../../shared/domain/audit.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { createChainCheck, type ChainCheck, type ChainHead } from '../../core/audit/chain.ts';
import { nextTurn, readHead } from './audit-table.ts';
import type { Database } from './database.ts';
import { anchorProblems, readAnchor } from './file-anchor.ts';

/** Rows checked before commits get their turn: about ten milliseconds. */
const SLICE = 500;

interface Deps {
  readonly db: Database;
  readonly dataDir: string;
  /** The newest row that this process wrote itself; null for a reader, which wrote none. */
  readonly written: ChainHead | null;
}

/**
 * Checks every row against its neighbours, its columns against its body, and the head against what is known of it outside the
 * database. Rows that are appended meanwhile are left out. Problems come with the lowest sequence number first.
 */
export async function verifyDatabase({ db, dataDir, written }: Deps): Promise<AuditVerification> {
  const check = createChainCheck();
  // Before the rows, so that it cannot be ahead of them only because it is newer.
  const anchor = readAnchor(dataDir);
  const hashAt = createHashReader(db);
  try {
    await walk(db, check);
    const { head } = check.verdict();
    const held = anchorProblems(anchor, head, hashAt);
    const remembered = written === null ? [] : anchorProblems({ kind: 'sealed', head: written, closed: true, breaks: [] }, head, hashAt);
    for (const problem of [...held, ...remembered]) reportOnce(check, problem);
  } catch {
    // Whatever SQLite cannot read behind the last good row.
    check.report({ seq: check.verdict().head.seq + 1, kind: 'unreadable' });
  }
  const { events, head, problems } = check.verdict();
  const sorted = [...problems].sort((one, other) => one.seq - other.seq);
  return { ok: sorted.length === 0, events, head, anchor: anchor.kind === 'sealed' ? 'file' : 'none', problems: sorted };
}

async function walk(db: Database, check: ChainCheck): Promise<void> {
  const last = readHead(db).seq;
  // Not from 1: a row that was slipped in before the first one must be seen.
  for (let after = Number.MIN_SAFE_INTEGER; after < last;) {
    const rows = db.prepare('SELECT * FROM audit_events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?').all(after, last, SLICE);
    for (const row of rows) checkRow(check, row);
    after = Number(rows.at(-1)?.['seq'] ?? last);
    await nextTurn();
  }
}

function checkRow(check: ChainCheck, row: Record<string, unknown>): void {
  const seq = Number(row['seq']);
  const body = check.add({ seq, body: String(row['body']), hash: String(row['hash']) as Digest });
  if (body === null || body.seq !== seq) return;
  // Filters go by the columns: a row whose columns lie is not found, which hides it as well as deleting it would.
  const isHonest = row['time'] === body.time && row['type'] === body.type && row['agent'] === body.agent && row['call_id'] === body.call_id;
  if (!isHonest) check.report({ seq, kind: 'column_mismatch' });
}

function reportOnce(check: ChainCheck, problem: Parameters<ChainCheck['report']>[0]): void {
  const isKnown = check.verdict().problems.some(({ seq, kind }) => seq === problem.seq && kind === problem.kind);
  if (!isKnown) check.report(problem);
}

/** Reads the stored hash of one row. */
export function createHashReader(db: Database): (seq: number) => Digest | null {
  return (seq) => {
    const row = db.prepare('SELECT hash FROM audit_events WHERE seq = ?').get(seq);
    return row === undefined ? null : (String(row['hash']) as Digest);
  };
}
