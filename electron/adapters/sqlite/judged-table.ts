import { CallRecord } from '../../../shared/domain/call.ts';
import { JudgedCall } from '../../../shared/domain/judged.ts';
import { checkLimit } from '../../core/audit/audit-query.ts';
import { judgedCall } from '../../core/policy/judged-call.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Database } from './database.ts';
import { parsed, type Row } from './rows.ts';

/** Keeps a call for replays, once policy has judged it. */
export function putJudgedCall(db: Database, call: CallRecord): boolean {
  const judged = judgedCall(call);
  if (judged === null) return true;
  db.prepare('INSERT INTO judged_calls (call_id, body) VALUES (?, ?) ON CONFLICT (call_id) DO UPDATE SET body = excluded.body').run(
    call.id,
    JSON.stringify(judged),
  );
  return true;
}

const WITHOUT_OUTPUT = "json_set(calls.body, '$.output', NULL)";
const KEPT = `SELECT seq, body, CASE WHEN body IS NULL THEN (SELECT ${WITHOUT_OUTPUT} FROM calls WHERE calls.id = call_id) END AS call
  FROM judged_calls WHERE seq < ?`;
const UNKEPT = `SELECT rowid AS seq, NULL AS body, ${WITHOUT_OUTPUT} AS call FROM calls WHERE rowid < ?`;

/** False in a database that is only read, and that no host of this version has opened yet. */
const hasTable = (db: Database): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'judged_calls'").get() !== undefined;

/** Newest first. Calls of before the table have no body in it and are read from their own rows, without their output. */
export function readJudgedCalls(
  db: Database,
  { from, limit }: Parameters<Store['judgedCalls']>[0],
): Awaited<ReturnType<Store['judgedCalls']>> {
  const rows = db
    .prepare(`${hasTable(db) ? KEPT : UNKEPT} ORDER BY seq DESC LIMIT ?`)
    .all(from ?? Number.MAX_SAFE_INTEGER, checkLimit(limit));
  const last = rows.length < limit || limit === 0 ? null : Number(rows[rows.length - 1]?.['seq']);
  return { calls: rows.flatMap((row) => judgedOf(row) ?? []), next: last };
}

function judgedOf(row: Row): JudgedCall | null {
  if (row['body'] !== null) return parsed(row, JudgedCall);
  return row['call'] === null ? null : judgedCall(parsed({ body: row['call'] }, CallRecord));
}
