import { useCallback, useState } from 'react';
import type { ChangeEntry, ChangeSet } from '../../shared/domain/change.ts';
import { counted } from './format.ts';
import { messageOf } from './operation-error.ts';
import { useCommand } from './operations.ts';
import { below, isWaiting } from './change-words.ts';

export interface ChangeDecide {
  /** The set whose decision is on its way, or null. */
  readonly busy: string | null;
  /** Why the last decision failed, or what of it did, by set. */
  readonly failures: Readonly<Record<string, string>>;
  /** Applies exactly these entries. */
  readonly accept: (set: ChangeSet, entries: readonly ChangeEntry[]) => void;
  /** Keeps these entries out of the real files. */
  readonly drop: (set: ChangeSet, entries: readonly ChangeEntry[]) => void;
}

/** What of a decision to apply did not come to pass, in a sentence; null when all of it did. */
export function notApplied(answer: ChangeSet, paths: readonly string[]): string | null {
  const left = answer.entries.filter((entry) => paths.includes(entry.path) && entry.state !== 'applied');
  const [first] = left;
  if (first === undefined) return null;
  return `${counted(left.length, 'file was', 'files were')} not applied. ${below(first.workspace, first.path)}: ${first.reason}`;
}

/** The two decisions on what a set holds. `onDecided` runs once nothing in it waits any more and nothing failed. */
export function useChangeDecide(onDecided: (set: ChangeSet) => void = () => undefined): ChangeDecide {
  const acceptCommand = useCommand('changes.accept');
  const dropCommand = useCommand('changes.drop');
  const [busy, setBusy] = useState<string | null>(null);
  const [failures, setFailures] = useState<Readonly<Record<string, string>>>({});

  const follow = useCallback(
    (set: ChangeSet, work: Promise<ChangeSet>, failureOf: (answer: ChangeSet) => string | null) => {
      const fail = (message: string): void => setFailures((all) => ({ ...all, [set.id]: message }));
      setBusy(set.id);
      setFailures((all) => Object.fromEntries(Object.entries(all).filter(([id]) => id !== set.id)));
      work
        .then(
          (answer) => {
            const failure = failureOf(answer);
            if (failure !== null) fail(failure);
            else if (!answer.entries.some(isWaiting)) onDecided(answer);
          },
          (error: unknown) => fail(messageOf(error)),
        )
        .finally(() => setBusy(null));
    },
    [onDecided],
  );

  const pathsOf = (entries: readonly ChangeEntry[]): string[] => entries.map(({ path }) => path);
  // SECURITY: every decision echoes the digest of the set that was shown and names its files, so that it can only mean those.
  return {
    busy,
    failures,
    accept: (set, entries) => {
      const paths = pathsOf(entries);
      follow(set, acceptCommand.mutateAsync({ id: set.id, digest: set.digest, paths }), (answer) => notApplied(answer, paths));
    },
    drop: (set, entries) => follow(set, dropCommand.mutateAsync({ id: set.id, digest: set.digest, paths: pathsOf(entries) }), () => null),
  };
}
