import type { AuditEvent } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import { nextRow, type ChainHead } from '../../core/audit/chain.ts';
import type { CommitResult, CommitUnit } from '../../core/ports/store.ts';
import { insertRow, readHead } from './audit-table.ts';
import { inTransaction, type Database } from './database.ts';
import { isSqliteError } from './sqlite-errors.ts';
import { applyChange } from './state-tables.ts';

/** A unit and the time its events carry: ISO 8601 in UTC with milliseconds. */
export interface TimedUnit {
  readonly unit: CommitUnit;
  readonly time: string;
}

/** What became of one unit of a group. An error is the unit's own; the others of its group are on disk. */
export type UnitOutcome = { readonly result: CommitResult } | { readonly error: unknown };

export interface GroupCommit {
  head(): ChainHead;
  /** Writes the units in one transaction. When it returns they are on disk; when it throws none of them is. */
  commit(units: readonly TimedUnit[]): readonly UnitOutcome[];
  /** Writes and syncs a row that means nothing, to see whether a commit would succeed. */
  probe(time: string): void;
}

export function createGroupCommit(db: Database): GroupCommit {
  let head = readHead(db);
  return {
    head: () => head,
    commit(units) {
      const written = inTransaction(db, () => {
        refuseForeignRows(db, head);
        return writeUnits(db, head, units);
      });
      head = written.head;
      return written.outcomes;
    },
    probe(time) {
      inTransaction(db, () => {
        refuseForeignRows(db, head);
        db.prepare('INSERT INTO probe (id, written_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at').run(
          time,
        );
      });
    },
  };
}

// SECURITY: a row that this process did not write, or one that is gone, must not become part of the chain by being built upon.
function refuseForeignRows(db: Database, head: ChainHead): void {
  const stored = readHead(db);
  if (stored.seq === head.seq && stored.hash === head.hash) return;
  throw new AppError('unavailable', `the log was changed by another program (its last event should be ${head.seq} and is ${stored.seq})`);
}

function writeUnits(db: Database, start: ChainHead, units: readonly TimedUnit[]): { head: ChainHead; outcomes: UnitOutcome[] } {
  let head = start;
  const outcomes = units.map((timed): UnitOutcome => {
    const written = writeUnit(db, head, timed);
    head = written.head;
    return written.outcome;
  });
  return { head, outcomes };
}

function writeUnit(db: Database, start: ChainHead, timed: TimedUnit): { head: ChainHead; outcome: UnitOutcome } {
  db.exec('SAVEPOINT unit');
  const { head, outcome } = attemptUnit(db, start, timed);
  const isKept = 'result' in outcome && outcome.result.ok;
  if (!isKept) db.exec('ROLLBACK TO unit');
  db.exec('RELEASE unit');
  return { head: isKept ? head : start, outcome };
}

function attemptUnit(db: Database, start: ChainHead, { unit, time }: TimedUnit): { head: ChainHead; outcome: UnitOutcome } {
  try {
    for (const change of unit.changes)
      if (!applyChange(db, change)) return { head: start, outcome: { result: { ok: false, conflict: change.kind } } };
    const { head, events } = appendEvents(db, start, unit, time);
    return { head, outcome: { result: { ok: true, events } } };
  } catch (error) {
    // A failing database fails the group; a malformed unit fails alone.
    if (isSqliteError(error)) throw error;
    return { head: start, outcome: { error } };
  }
}

function appendEvents(db: Database, start: ChainHead, unit: CommitUnit, time: string): { head: ChainHead; events: AuditEvent[] } {
  let head = start;
  const events = unit.events.map((event) => {
    const next = nextRow(head, event, time);
    insertRow(db, next.row, next.event);
    head = next.row;
    return next.event;
  });
  return { head, events };
}
