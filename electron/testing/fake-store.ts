import type { Approval, ApprovalDecision, ApprovalState } from '../../shared/domain/approval.ts';
import type { AuditEvent } from '../../shared/domain/audit.ts';
import type { CallRecord } from '../../shared/domain/call.ts';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { AppError } from '../../shared/errors.ts';
import { checkLimit, checkSeq, isOldestFirst, matchesQuery } from '../core/audit/audit-query.ts';
import { GENESIS, nextRow, parseBody, verifyRows } from '../core/audit/chain.ts';
import { hasRemainder } from '../core/changes/set-state.ts';
import { judgedCall } from '../core/policy/judged-call.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { CommitUnit, RawAuditRow, Store, StoreChange, StoredTask, StoredToken } from '../core/ports/store.ts';

/** The store in memory, with the same chain, and with what a test needs to look and to break. */
export interface FakeStore extends Store {
  /** The log as it is; a test may tamper with it. */
  readonly rows: RawAuditRow[];
  /** The stored events, oldest first. */
  events(): readonly AuditEvent[];
  /** From now on every commit rejects with `unavailable`; null mends it. Tells `onDegraded` as the real one does. */
  fail(reason: string | null): void;
}

interface Deps {
  readonly clock: Clock;
  readonly onDegraded?: (reason: string | null) => void;
}

interface State {
  readonly tokens: Map<string, StoredToken>;
  readonly approvals: Map<string, Approval>;
  readonly calls: Map<string, CallRecord>;
  readonly tasks: Map<string, StoredTask>;
  readonly changeSets: Map<string, ChangeSet>;
}

export function createFakeStore({ clock, onDegraded }: Deps): FakeStore {
  const rows: RawAuditRow[] = [];
  let state: State = { tokens: new Map(), approvals: new Map(), calls: new Map(), tasks: new Map(), changeSets: new Map() };
  let failure: string | null = null;
  const head = (): RawAuditRow | typeof GENESIS => rows.at(-1) ?? GENESIS;

  const commit = (unit: CommitUnit): Awaited<ReturnType<Store['commit']>> => {
    if (failure !== null) throw new AppError('unavailable', `The log could not be written: ${failure}.`);
    const next: State = {
      tokens: new Map(state.tokens),
      approvals: new Map(state.approvals),
      calls: new Map(state.calls),
      tasks: new Map(state.tasks),
      changeSets: new Map(state.changeSets),
    };
    for (const change of unit.changes) if (!applyChange(next, change)) return { ok: false, conflict: change.kind };
    const chained = chain(head(), unit, new Date(clock.now()).toISOString());
    state = next;
    rows.push(...chained.map(({ row }) => row));
    return { ok: true, events: chained.map(({ event }) => event) };
  };

  return {
    rows,
    events: () => rows.map(eventOf),
    fail(reason) {
      failure = reason;
      onDegraded?.(reason);
    },
    start: async () => undefined,
    stop: async () => undefined,
    // The real one gets copies too.
    commit: async (unit) => commit(structuredClone(unit)),
    tokens: async () => [...state.tokens.values()],
    approvals: async ({ states, limit }) =>
      newest([...state.approvals.values()], (approval) => approval.created_at)
        .filter((approval) => states === undefined || states.includes(approval.state))
        .slice(0, checkLimit(limit)),
    approval: async (id) => state.approvals.get(id) ?? null,
    calls: async ({ states, agent, before, limit }) =>
      newest([...state.calls.values()], (call) => call.received_at)
        .filter((call) => states === undefined || states.includes(call.state))
        .filter((call) => agent === undefined || call.agent === agent)
        .filter((call) => before === undefined || call.received_at < before)
        .slice(0, checkLimit(limit)),
    call: async (id) => state.calls.get(id) ?? null,
    judgedCalls: async ({ from, limit }) => {
      const all = [...state.calls.values()].reverse().flatMap((call) => judgedCall(call) ?? []);
      const end = (from ?? 0) + checkLimit(limit);
      return { calls: all.slice(from ?? 0, end), next: end < all.length ? end : null };
    },
    changeSets: async (filter) => {
      const { states, call_id, task_id, withRemainder, undoable, before } = filter;
      const all = [...state.changeSets.values()].reverse();
      return (before === undefined ? all : all.slice(all.findIndex(({ id }) => id === before) + 1 || all.length))
        .filter((set) => states === undefined || states.includes(set.state))
        .filter((set) => call_id === undefined || set.call_id === call_id)
        .filter((set) => task_id === undefined || set.task_id === task_id)
        .filter((set) => withRemainder === undefined || hasRemainder(set.entries) === withRemainder)
        .filter((set) => undoable === undefined || set.undoable === undoable)
        .slice(0, checkLimit(filter.limit));
    },
    changeSet: async (id) => state.changeSets.get(id) ?? null,
    openTask: async (token) =>
      newest([...state.tasks.values()], (task) => task.opened_at).find((task) => task.token_id === token && task.closed_at === null) ??
      null,
    counts: async (since) => countCalls([...state.calls.values()].filter((call) => call.received_at >= since)),
    auditEvents: async (query) => {
      checkLimit(query.limit);
      checkSeq(query.before_seq ?? 0);
      checkSeq(query.after_seq ?? 0);
      const found = rows.filter((row) => matchesQuery(eventOf(row), row.body, query)).map(eventOf);
      return (isOldestFirst(query) ? found : found.reverse()).slice(0, query.limit);
    },
    auditRows: async ({ after_seq, limit, from, to }) => {
      checkSeq(after_seq);
      const isInRange = (row: RawAuditRow): boolean =>
        matchesQuery(eventOf(row), row.body, { after_seq, limit, ...(from && { from }), ...(to && { to }) });
      return rows.filter(isInRange).slice(0, checkLimit(limit));
    },
    auditHead: async () => ({ seq: head().seq, hash: head().hash }),
    verify: async () => {
      const { events, head: last, problems } = verifyRows(rows);
      return { ok: problems.length === 0, events, head: last, anchor: 'none', problems: [...problems] };
    },
  };
}

function chain(start: typeof GENESIS, unit: CommitUnit, time: string): ReturnType<typeof nextRow>[] {
  let head = start;
  return unit.events.map((event) => {
    const next = nextRow(head, event, time);
    head = next.row;
    return next;
  });
}

function applyChange(state: State, change: StoreChange): boolean {
  switch (change.kind) {
    case 'token.insert':
      return insertToken(state, change.token);
    case 'token.revoke':
      return revokeToken(state, change.id, change.at);
    case 'approval.insert':
      return insertNew(state.approvals, change.approval);
    case 'approval.decide':
      return moveApproval(state, change.id, 'pending', { state: change.to, decision: change.decision });
    case 'approval.void':
      return moveApproval(state, change.id, 'approved', { state: 'cancelled', decision: change.decision });
    case 'approval.consume':
      return state.approvals.get(change.id)?.digest === change.digest && moveApproval(state, change.id, 'approved', { state: 'consumed' });
    case 'call.put':
      return state.calls.set(change.call.id, change.call).has(change.call.id);
    case 'task.put':
      return state.tasks.set(change.task.id, change.task).has(change.task.id);
    case 'change_set.insert':
      return insertNew(state.changeSets, change.changeSet);
    case 'change_set.put':
      return putChangeSet(state, change);
  }
}

function insertNew<T extends { readonly id: string }>(map: Map<string, T>, value: T): boolean {
  return !map.has(value.id) && map.set(value.id, value).has(value.id);
}

function putChangeSet(state: State, change: Extract<StoreChange, { readonly kind: 'change_set.put' }>): boolean {
  const { changeSet, expectState, expectDigest } = change;
  const stored = state.changeSets.get(changeSet.id);
  if (stored?.state !== expectState || stored.digest !== expectDigest) return false;
  return state.changeSets.set(changeSet.id, changeSet).has(changeSet.id);
}

function insertToken(state: State, stored: StoredToken): boolean {
  const isTaken = state.tokens.has(stored.token.id) || [...state.tokens.values()].some(({ hash }) => hash === stored.hash);
  return !isTaken && state.tokens.set(stored.token.id, stored).has(stored.token.id);
}

function revokeToken(state: State, id: string, at: string): boolean {
  const stored = state.tokens.get(id);
  if (stored === undefined || stored.token.revoked_at !== null) return false;
  state.tokens.set(id, { ...stored, token: { ...stored.token, revoked_at: at } });
  return true;
}

function moveApproval(
  state: State,
  id: string,
  from: ApprovalState,
  to: { readonly state: ApprovalState; readonly decision?: ApprovalDecision },
): boolean {
  const approval = state.approvals.get(id);
  if (approval?.state !== from) return false;
  state.approvals.set(id, { ...approval, ...to });
  return true;
}

function eventOf(row: RawAuditRow): AuditEvent {
  const body = parseBody(row.body);
  if (body === null) throw new AppError('unavailable', `Event ${row.seq} of the log is not as it was written.`);
  return { ...body, hash: row.hash };
}

/** Newest first; what came later in the same millisecond is newer. */
const newest = <T>(values: readonly T[], time: (value: T) => string): T[] =>
  [...values].reverse().sort((one, other) => (time(one) < time(other) ? 1 : time(one) > time(other) ? -1 : 0));

const countCalls = (calls: readonly CallRecord[]): Awaited<ReturnType<Store['counts']>> => ({
  calls: calls.length,
  asked: calls.filter((call) => call.approval_id !== null).length,
  denied: calls.filter((call) => call.outcome === 'denied').length,
});
