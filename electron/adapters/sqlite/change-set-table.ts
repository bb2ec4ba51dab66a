import { ChangeSet, type ChangeSetId } from '../../../shared/domain/change.ts';
import { checkLimit } from '../../core/audit/audit-query.ts';
import { hasRemainder } from '../../core/changes/set-state.ts';
import type { ChangeSetFilter, StoreChange } from '../../core/ports/store.ts';
import type { Database } from './database.ts';
import { parsed } from './rows.ts';

/** The columns beside the body, in the order of both statements below. */
const columns = ({ state, digest, undoable, entries }: ChangeSet): (string | number)[] => [
  state,
  digest,
  Number(undoable),
  Number(hasRemainder(entries)),
];

export function insertChangeSet(db: Database, set: ChangeSet): boolean {
  const sql = `INSERT INTO change_sets (state, digest, undoable, remainder, body, id, call_id, task_id, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const { changes } = db.prepare(sql).run(...columns(set), JSON.stringify(set), set.id, set.call_id, set.task_id, set.created_at);
  return Number(changes) === 1;
}

/** SECURITY: compare-and-swap, so that a set is decided once, and only as it was shown. */
export function putChangeSet(
  db: Database,
  { changeSet, expectState, expectDigest }: Extract<StoreChange, { readonly kind: 'change_set.put' }>,
): boolean {
  const sql =
    'UPDATE change_sets SET state = ?, digest = ?, undoable = ?, remainder = ?, body = ? WHERE id = ? AND state = ? AND digest = ?';
  const { changes } = db.prepare(sql).run(...columns(changeSet), JSON.stringify(changeSet), changeSet.id, expectState, expectDigest);
  return Number(changes) === 1;
}

export function readChangeSets(db: Database, filter: ChangeSetFilter): readonly ChangeSet[] {
  const { states, call_id, task_id, withRemainder, undoable, before } = filter;
  const where = [
    states === undefined ? 'TRUE' : `state IN (${states.map(() => '?').join(', ')})`,
    call_id === undefined ? 'TRUE' : 'call_id = ?',
    task_id === undefined ? 'TRUE' : 'task_id = ?',
    withRemainder === undefined ? 'TRUE' : 'remainder = ?',
    undoable === undefined ? 'TRUE' : 'undoable = ?',
    before === undefined ? 'TRUE' : 'rowid < (SELECT rowid FROM change_sets WHERE id = ?)',
  ];
  const flags = [withRemainder, undoable].map((flag) => (flag === undefined ? undefined : Number(flag)));
  const values = [...(states ?? []), call_id, task_id, ...flags, before].filter((value) => value !== undefined);
  return db
    .prepare(`SELECT body FROM change_sets WHERE ${where.join(' AND ')} ORDER BY rowid DESC LIMIT ?`)
    .all(...values, checkLimit(filter.limit))
    .map((row) => parsed(row, ChangeSet));
}

export function readChangeSet(db: Database, id: ChangeSetId): ChangeSet | null {
  const row = db.prepare('SELECT body FROM change_sets WHERE id = ?').get(id);
  return row === undefined ? null : parsed(row, ChangeSet);
}
