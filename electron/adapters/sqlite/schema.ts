import { AppError } from '../../../shared/errors.ts';
import { inTransaction, type Database } from './database.ts';

// A blob per row, and beside it only the columns that something selects by. STRICT keeps other types out of them.
const FIRST = `
CREATE TABLE audit_events (
  seq INTEGER PRIMARY KEY,
  time TEXT NOT NULL,
  type TEXT NOT NULL,
  agent TEXT,
  call_id TEXT,
  body TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_by_type ON audit_events (type, seq);
CREATE INDEX audit_events_by_agent ON audit_events (agent, seq);
CREATE INDEX audit_events_by_call ON audit_events (call_id, seq);
CREATE INDEX audit_events_by_time ON audit_events (time);

-- Mistakes, not attackers: whoever can write the file can also drop a trigger. The chain is what shows that.
CREATE TRIGGER audit_events_are_not_updated BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
CREATE TRIGGER audit_events_are_appended BEFORE INSERT ON audit_events
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_events)
BEGIN SELECT RAISE(ABORT, 'audit events are only appended'); END;

CREATE TABLE tokens (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, revoked_at TEXT, body TEXT NOT NULL) STRICT;

CREATE TABLE approvals (id TEXT PRIMARY KEY, digest TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX approvals_by_state ON approvals (state, created_at);

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  agent TEXT NOT NULL,
  received_at TEXT NOT NULL,
  asked INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX calls_by_time ON calls (received_at);
CREATE INDEX calls_by_state ON calls (state, received_at);

CREATE TABLE tasks (id TEXT PRIMARY KEY, token_id TEXT NOT NULL, opened_at TEXT NOT NULL, last_call_at TEXT NOT NULL, closed_at TEXT) STRICT;
CREATE INDEX tasks_open ON tasks (token_id) WHERE closed_at IS NULL;

CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), written_at TEXT NOT NULL) STRICT;
`;

const CHANGE_SETS = `
CREATE TABLE change_sets (
  id TEXT PRIMARY KEY,
  call_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  undoable INTEGER NOT NULL,
  remainder INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX change_sets_by_state ON change_sets (state);
CREATE INDEX change_sets_by_call ON change_sets (call_id);
CREATE INDEX change_sets_by_task ON change_sets (task_id);
CREATE INDEX change_sets_undoable ON change_sets (undoable) WHERE undoable = 1;
`;

// Beside the calls, because their rows are long and a replay reads all of them. NULL: a call of before this table; its own row has what there is.
const JUDGED_CALLS = `
CREATE TABLE judged_calls (seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL UNIQUE, body TEXT) STRICT;
INSERT INTO judged_calls (call_id) SELECT id FROM calls ORDER BY received_at, rowid;
`;

/** Migration n brings version n to n + 1. Never edit one that has shipped. */
const MIGRATIONS: readonly string[] = [FIRST, CHANGE_SETS, JUDGED_CALLS];

export function schemaVersion(db: Database): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** Refuses what a newer version wrote. Errors: `unavailable`. */
export function refuseNewerSchema(db: Database, path: string): void {
  const found = schemaVersion(db);
  if (found <= MIGRATIONS.length) return;
  throw new AppError(
    'unavailable',
    `The database ${path} was written by a newer Gatehouse (schema ${found}; this one knows up to ${MIGRATIONS.length}), so it was not opened. ` +
      'Start the newer version, or restore a backup made with this one.',
  );
}

/** Brings the schema up to date, each step in its own transaction, so that a kill between two leaves a whole version behind. */
export function migrate(db: Database): void {
  for (let version = schemaVersion(db); version < MIGRATIONS.length; version += 1) {
    inTransaction(db, () => {
      db.exec(MIGRATIONS[version] ?? '');
      db.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
