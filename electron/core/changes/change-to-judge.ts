import type { ChangeKind, FileVersion } from '../../../shared/domain/change.ts';
import type { ChangeEffect } from '../../../shared/domain/policy.ts';

/** One change before anything is decided. A rename comes as its two halves: what is gone, and what is new. */
export interface ChangeToJudge {
  readonly workspace: string;
  /** Absolute, in `workspace`. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly before: FileVersion | null;
  readonly after: FileVersion | null;
  readonly isConflict: boolean;
  /** The operator saw exactly this content and said yes to it. */
  readonly isApproved: boolean;
  /** Of everybody who can have made it; the strictest of their rules holds. */
  readonly tools: readonly string[];
}

export interface ChangeContext {
  readonly agent: string;
  /** What the real tree has at a path of a workspace; never follows a link. */
  readonly inspect: (workspace: string, path: string) => Promise<FileVersion | null>;
}

export interface Classification {
  readonly effect: ChangeEffect;
  /** A rule of policy.yaml, or `builtin:…`. */
  readonly rule: string;
  readonly reason: string;
}

/**
 * Says of a whole set what becomes of each change, in the order given. The set is judged as one, because links, repositories and folders only
 * make sense together. Reads nothing but what `inspect` answers.
 */
export type ClassifyChanges = (changes: readonly ChangeToJudge[], context: ChangeContext) => Promise<readonly Classification[]>;
