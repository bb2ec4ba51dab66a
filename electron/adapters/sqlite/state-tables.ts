import { Approval, type ApprovalDecision, type ApprovalState } from '../../../shared/domain/approval.ts';
import { CallRecord } from '../../../shared/domain/call.ts';
import { AgentToken, type ApprovalId, type CallId, type Digest, type TaskId, type TokenId } from '../../../shared/domain/identity.ts';
import { checkLimit } from '../../core/audit/audit-query.ts';
import type { Store, StoreChange, StoredTask, StoredToken } from '../../core/ports/store.ts';
import { insertChangeSet, putChangeSet } from './change-set-table.ts';
import type { Database } from './database.ts';
import { putJudgedCall } from './judged-table.ts';
import { parsed, type Row } from './rows.ts';
import { isConstraint } from './sqlite-errors.ts';

/** Makes one change; false when its row is not in the state it expects. */
export function applyChange(db: Database, change: StoreChange): boolean {
  try {
    return changed(db, change);
  } catch (error) {
    // A row that must be new and is not.
    if (isConstraint(error)) return false;
    throw error;
  }
}

function changed(db: Database, change: StoreChange): boolean {
  switch (change.kind) {
    case 'token.insert':
      return insertToken(db, change.token);
    case 'token.revoke':
      return revokeToken(db, change.id, change.at);
    case 'approval.insert':
      return insertApproval(db, change.approval);
    case 'approval.decide':
      return moveApproval(db, change.id, 'pending', change.to, change.decision);
    case 'approval.void':
      return moveApproval(db, change.id, 'approved', 'cancelled', change.decision);
    case 'approval.consume':
      return consumeApproval(db, change.id, change.digest);
    case 'call.put':
      return putCall(db, change.call);
    case 'task.put':
      return putTask(db, change.task);
    case 'change_set.insert':
      return insertChangeSet(db, change.changeSet);
    case 'change_set.put':
      return putChangeSet(db, change);
  }
}

const run = (db: Database, sql: string, ...values: (string | number | null)[]): boolean =>
  Number(db.prepare(sql).run(...values).changes) === 1;

const insertToken = (db: Database, { token, hash }: StoredToken): boolean =>
  run(db, 'INSERT INTO tokens (id, hash, revoked_at, body) VALUES (?, ?, ?, ?)', token.id, hash, token.revoked_at, JSON.stringify(token));

function revokeToken(db: Database, id: TokenId, at: string): boolean {
  const row = db.prepare('SELECT hash, body FROM tokens WHERE id = ?').get(id);
  if (row === undefined) return false;
  const revoked = { ...tokenOf(row).token, revoked_at: at };
  return run(db, 'UPDATE tokens SET revoked_at = ?, body = ? WHERE id = ? AND revoked_at IS NULL', at, JSON.stringify(revoked), id);
}

const insertApproval = (db: Database, approval: Approval): boolean =>
  run(
    db,
    'INSERT INTO approvals (id, digest, state, created_at, body) VALUES (?, ?, ?, ?, ?)',
    approval.id,
    approval.digest,
    approval.state,
    approval.created_at,
    JSON.stringify(approval),
  );

// SECURITY: compare-and-swap. The row is asked for its state in the statement that changes it, so the first decision wins.
const moveApproval = (db: Database, id: ApprovalId, from: ApprovalState, to: ApprovalState, decision: ApprovalDecision): boolean =>
  run(
    db,
    "UPDATE approvals SET state = ?, body = json_set(body, '$.state', ?, '$.decision', json(?)) WHERE id = ? AND state = ?",
    to,
    to,
    JSON.stringify(decision),
    id,
    from,
  );

// SECURITY: an approval is spent once, and only for the digest that was approved.
const consumeApproval = (db: Database, id: ApprovalId, digest: Digest): boolean =>
  run(
    db,
    "UPDATE approvals SET state = 'consumed', body = json_set(body, '$.state', 'consumed') WHERE id = ? AND state = 'approved' AND digest = ?",
    id,
    digest,
  );

function putCall(db: Database, call: CallRecord): boolean {
  const { id, state, agent, received_at } = call;
  const asked = Number(call.approval_id !== null);
  const denied = Number(call.outcome === 'denied');
  const isPut = run(
    db,
    `INSERT INTO calls (id, state, agent, received_at, asked, denied, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, agent = excluded.agent, received_at = excluded.received_at,
       asked = excluded.asked, denied = excluded.denied, body = excluded.body`,
    ...[id, state, agent, received_at, asked, denied, JSON.stringify(call)],
  );
  return isPut && putJudgedCall(db, call);
}

const putTask = (db: Database, task: StoredTask): boolean =>
  run(
    db,
    `INSERT INTO tasks (id, token_id, opened_at, last_call_at, closed_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET token_id = excluded.token_id, opened_at = excluded.opened_at,
       last_call_at = excluded.last_call_at, closed_at = excluded.closed_at`,
    ...[task.id, task.token_id, task.opened_at, task.last_call_at, task.closed_at],
  );

export const readTokens = (db: Database): readonly StoredToken[] =>
  db.prepare('SELECT hash, body FROM tokens ORDER BY rowid').all().map(tokenOf);

export function readApprovals(db: Database, filter: Parameters<Store['approvals']>[0]): readonly Approval[] {
  const states = filter.states === undefined ? 'TRUE' : `state IN (${marks(filter.states)})`;
  return db
    .prepare(`SELECT body FROM approvals WHERE ${states} ORDER BY created_at DESC, rowid DESC LIMIT ?`)
    .all(...(filter.states ?? []), checkLimit(filter.limit))
    .map((row) => parsed(row, Approval));
}

export function readApproval(db: Database, id: ApprovalId): Approval | null {
  const row = db.prepare('SELECT body FROM approvals WHERE id = ?').get(id);
  return row === undefined ? null : parsed(row, Approval);
}

export function readCalls(db: Database, filter: Parameters<Store['calls']>[0]): readonly CallRecord[] {
  const where = [
    filter.states === undefined ? 'TRUE' : `state IN (${marks(filter.states)})`,
    filter.agent === undefined ? 'TRUE' : 'agent = ?',
    filter.before === undefined ? 'TRUE' : 'received_at < ?',
  ];
  const values = [...(filter.states ?? []), filter.agent, filter.before].filter((value) => value !== undefined);
  return db
    .prepare(`SELECT body FROM calls WHERE ${where.join(' AND ')} ORDER BY received_at DESC, rowid DESC LIMIT ?`)
    .all(...values, checkLimit(filter.limit))
    .map((row) => parsed(row, CallRecord));
}

export function readCall(db: Database, id: CallId): CallRecord | null {
  const row = db.prepare('SELECT body FROM calls WHERE id = ?').get(id);
  return row === undefined ? null : parsed(row, CallRecord);
}

export function readOpenTask(db: Database, token: TokenId): StoredTask | null {
  const row = db
    .prepare('SELECT * FROM tasks WHERE token_id = ? AND closed_at IS NULL ORDER BY opened_at DESC, rowid DESC LIMIT 1')
    .get(token);
  if (row === undefined) return null;
  return {
    id: String(row['id']) as TaskId,
    token_id: String(row['token_id']) as TokenId,
    opened_at: String(row['opened_at']),
    last_call_at: String(row['last_call_at']),
    closed_at: null,
  };
}

export function readCounts(db: Database, since: string): Awaited<ReturnType<Store['counts']>> {
  const row = db
    .prepare(
      'SELECT count(*) AS calls, coalesce(sum(asked), 0) AS asked, coalesce(sum(denied), 0) AS denied FROM calls WHERE received_at >= ?',
    )
    .get(since);
  return { calls: Number(row?.['calls']), asked: Number(row?.['asked']), denied: Number(row?.['denied']) };
}

const marks = (values: readonly string[]): string => values.map(() => '?').join(', ');

const tokenOf = (row: Row): StoredToken => ({ token: parsed(row, AgentToken), hash: String(row['hash']) as Digest });
