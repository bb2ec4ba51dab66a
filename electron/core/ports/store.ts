import type { Approval, ApprovalDecision, ApprovalState } from '../../../shared/domain/approval.ts';
import type { AuditEvent, AuditEventType, AuditVerification, NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallRecord, CallState } from '../../../shared/domain/call.ts';
import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { ChangeSet, ChangeSetId, ChangeSetState } from '../../../shared/domain/change.ts';
import type { AgentToken, ApprovalId, CallId, Digest, TaskId, TokenId } from '../../../shared/domain/identity.ts';

/** A token row: what is shown, plus the hash that only the verifier reads. */
export interface StoredToken {
  readonly token: AgentToken;
  /** SHA-256 of the bearer token, hex. */
  readonly hash: Digest;
}

export interface StoredTask {
  readonly id: TaskId;
  readonly token_id: TokenId;
  readonly opened_at: string;
  readonly last_call_at: string;
  readonly closed_at: string | null;
}

/**
 * A change that is committed together with audit events. The conditional ones (`expect…`) make the whole commit fail with
 * `conflict` when the row is not in the state they name, so that a decision or a consumption happens at most once.
 */
export type StoreChange =
  | { readonly kind: 'token.insert'; readonly token: StoredToken }
  | { readonly kind: 'token.revoke'; readonly id: TokenId; readonly at: string }
  | { readonly kind: 'approval.insert'; readonly approval: Approval }
  | {
      readonly kind: 'approval.decide';
      readonly id: ApprovalId;
      /** pending → this. */
      readonly to: Exclude<ApprovalState, 'pending' | 'consumed'>;
      readonly decision: ApprovalDecision;
    }
  /** approved → consumed, only when the digest is the stored one. */
  | { readonly kind: 'approval.consume'; readonly id: ApprovalId; readonly digest: Digest }
  /** approved → cancelled: what was approved but found changed or revoked before it could run. */
  | { readonly kind: 'approval.void'; readonly id: ApprovalId; readonly decision: ApprovalDecision }
  | { readonly kind: 'call.put'; readonly call: CallRecord }
  | { readonly kind: 'task.put'; readonly task: StoredTask }
  | { readonly kind: 'change_set.insert'; readonly changeSet: ChangeSet }
  /** Replaces the row, only while its state is `expectState` and its digest `expectDigest`. */
  | {
      readonly kind: 'change_set.put';
      readonly changeSet: ChangeSet;
      readonly expectState: ChangeSetState;
      readonly expectDigest: Digest;
    };

export interface ChangeSetFilter {
  readonly states?: readonly ChangeSetState[];
  readonly call_id?: CallId;
  readonly task_id?: TaskId;
  /** Only those with an entry that is not simply in the real tree: held, in conflict, dropped or undone. */
  readonly withRemainder?: boolean;
  /** Only those that can still be undone. */
  readonly undoable?: boolean;
  /** Only those made before this one, for reading on. */
  readonly before?: ChangeSetId;
  readonly limit: number;
}

export interface JudgedPage {
  /** What `next` was; null for the newest. */
  readonly from: number | null;
  readonly limit: number;
}

export interface CommitUnit {
  readonly events: readonly NewAuditEvent[];
  readonly changes: readonly StoreChange[];
}

export type CommitResult =
  | { readonly ok: true; readonly events: readonly AuditEvent[] }
  /** A conditional change did not find its row in the expected state; nothing of the unit was written. */
  | { readonly ok: false; readonly conflict: StoreChange['kind'] };

export interface AuditQuery {
  readonly types?: readonly AuditEventType[];
  readonly agent?: string;
  readonly call_id?: CallId;
  /** Case-insensitive substring of the stored body. */
  readonly text?: string;
  readonly from?: string;
  readonly to?: string;
  /** Rows with seq below this (newest first) … */
  readonly before_seq?: number;
  /** … or above this (oldest first). */
  readonly after_seq?: number;
  readonly limit: number;
}

/** A row as the export writes it: the stored bytes, untouched. */
export interface RawAuditRow {
  readonly seq: number;
  readonly body: string;
  readonly hash: Digest;
}

/**
 * The durable record. One writer; each `commit` is atomic, and is on disk (fsync) when its promise resolves. A commit that cannot
 * be made durable rejects with `unavailable`: the caller must then not go on.
 */
export interface Store {
  /** Opens, migrates and locks. Errors: `conflict` when another instance holds the data directory, `unavailable` when it cannot be read. */
  start(): Promise<void>;
  stop(): Promise<void>;
  commit(unit: CommitUnit): Promise<CommitResult>;

  tokens(): Promise<readonly StoredToken[]>;
  approvals(filter: { readonly states?: readonly ApprovalState[]; readonly limit: number }): Promise<readonly Approval[]>;
  approval(id: ApprovalId): Promise<Approval | null>;
  calls(filter: {
    readonly states?: readonly CallState[];
    readonly agent?: string;
    readonly before?: string;
    readonly limit: number;
  }): Promise<readonly CallRecord[]>;
  call(id: CallId): Promise<CallRecord | null>;
  /** Calls that policy has judged, newest first; `next` is where the following page starts, null after the last. */
  judgedCalls(page: JudgedPage): Promise<{ readonly calls: readonly JudgedCall[]; readonly next: number | null }>;
  /** Newest first. */
  changeSets(filter: ChangeSetFilter): Promise<readonly ChangeSet[]>;
  changeSet(id: ChangeSetId): Promise<ChangeSet | null>;
  openTask(token: TokenId): Promise<StoredTask | null>;
  /** Counts since the given instant, for Home. */
  counts(since: string): Promise<{ readonly calls: number; readonly asked: number; readonly denied: number }>;

  auditEvents(query: AuditQuery): Promise<readonly AuditEvent[]>;
  auditRows(range: {
    readonly after_seq: number;
    readonly limit: number;
    readonly from?: string;
    readonly to?: string;
  }): Promise<readonly RawAuditRow[]>;
  auditHead(): Promise<{ readonly seq: number; readonly hash: Digest }>;
  verify(): Promise<AuditVerification>;
}
