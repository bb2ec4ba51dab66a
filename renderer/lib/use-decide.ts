import { useCallback, useState } from 'react';
import type { Approval } from '../../shared/domain/approval.ts';
import type { GrantBreadth, GrantDuration } from '../../shared/domain/grant.ts';
import type { Digest } from '../../shared/domain/identity.ts';
import { useCommand } from './operations.ts';
import { messageOf } from './operation-error.ts';

export const defaultDenyReason = 'Denied by the operator';

/** For a decision that counts for longer than once; the hash is of the rule that was shown. */
export interface ChosenExtent {
  readonly duration: GrantDuration;
  readonly breadth: GrantBreadth;
  readonly hash: Digest;
}

export interface DecideActions {
  /** The approval whose decision is on its way, or null. */
  readonly busy: string | null;
  /** Why the last decision failed, by approval; shown on its card. */
  readonly failures: Readonly<Record<string, string>>;
  readonly approve: (approval: Approval, extent?: ChosenExtent) => void;
  readonly deny: (approval: Approval, reason: string, extent?: ChosenExtent) => void;
  readonly pregrant: (approval: Approval) => void;
}

/** The three decisions. `onDecided` runs after one was accepted. */
export function useDecide(onDecided: (approval: Approval) => void = () => undefined): DecideActions {
  const approveCommand = useCommand('approvals.approve');
  const denyCommand = useCommand('approvals.deny');
  const pregrantCommand = useCommand('approvals.pregrant');
  const [busy, setBusy] = useState<string | null>(null);
  const [failures, setFailures] = useState<Readonly<Record<string, string>>>({});

  const follow = useCallback(
    (approval: Approval, work: Promise<unknown>) => {
      setBusy(approval.id);
      setFailures((all) => Object.fromEntries(Object.entries(all).filter(([id]) => id !== approval.id)));
      work
        .then(
          () => onDecided(approval),
          (error: unknown) => setFailures((all) => ({ ...all, [approval.id]: messageOf(error) })),
        )
        .finally(() => setBusy(null));
    },
    [onDecided],
  );

  // SECURITY: every decision echoes the digest of the card that was shown, so that it can only mean that very call.
  return {
    busy,
    failures,
    approve: (approval, extent) =>
      follow(approval, approveCommand.mutateAsync({ id: approval.id, digest: approval.digest, reason: '', ...extent })),
    deny: (approval, reason, extent) => {
      const told = reason.trim() || defaultDenyReason;
      follow(approval, denyCommand.mutateAsync({ id: approval.id, digest: approval.digest, reason: told, ...extent }));
    },
    pregrant: (approval) => follow(approval, pregrantCommand.mutateAsync({ id: approval.id, digest: approval.digest })),
  };
}
