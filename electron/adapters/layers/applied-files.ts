import { lstatSync, type BigIntStats } from 'node:fs';
import { createTurns } from '../../core/turns.ts';
import { isGone, type Held } from './descriptors.ts';

/** Real files that the gateway itself changed, by what they were right afterwards. */
export interface AppliedFiles {
  add(paths: readonly string[]): Promise<void>;
  /** Lets go of what a view made at that time has seen anyway. */
  forgetBefore(since: bigint): void;
  clear(): void;
  isEmpty(): boolean;
  /** Whether a real file was changed by somebody else at or after `since`. */
  isNewer(since: bigint): (path: string, real: Pick<Held, 'stat'>) => boolean;
}

const identityOf = ({ dev, ino, ctimeNs, size }: BigIntStats): string => [dev, ino, ctimeNs, size].join(':');

const second = 1_000_000_000n;

/** When a thing last became another: a folder does so only when it is made, not when something in it changes. */
const changedAt = (stat: BigIntStats): bigint => (stat.isDirectory() ? stat.birthtimeNs : stat.ctimeNs);

const lookAt = (path: string): BigIntStats | null => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
};

export const createAppliedFiles = (): AppliedFiles => {
  const known = new Map<string, { readonly identity: string; readonly at: bigint }>();
  return {
    async add(paths) {
      const turn = createTurns();
      for (const path of paths) {
        await turn();
        const stat = lookAt(path);
        if (stat === null) known.delete(path);
        else known.set(path, { identity: identityOf(stat), at: changedAt(stat) });
      }
    },
    forgetBefore(since) {
      for (const [path, { at }] of known) if (at < since) known.delete(path);
    },
    clear() {
      known.clear();
    },
    isEmpty: () => known.size === 0,
    isNewer:
      (since) =>
      (path, { stat }) => {
        const at = changedAt(stat);
        // Whole seconds: a file system that counts no finer, where anything in the same second may be newer.
        const from = at % second === 0n ? since - (since % second) : since;
        if (at < from) return false;
        const ours = known.get(path);
        if (ours === undefined) return true;
        return stat.isDirectory() ? ours.at !== at : ours.identity !== identityOf(stat);
      },
  };
};
