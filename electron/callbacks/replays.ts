import { createHash } from 'node:crypto';
import { toleranceSeconds } from './signatures.ts';

/** The most that is remembered; when that many came within ten minutes, nothing further is taken until some are old. */
const most = 10_000;

/** Callbacks that were taken already. Each counts once, as long as its timestamp could still be good. */
export interface Replays {
  /** False when this very request was seen before, or when there is no room to remember it. */
  isFirst(channel: string, timestamp: string, body: Uint8Array): boolean;
}

export function createReplays(monotonic: () => number): Replays {
  const seen = new Map<string, number>();
  // A timestamp may lie as far ahead as behind, so that a request can stay good for twice the tolerance.
  const keptMs = 2 * toleranceSeconds * 1000 + 1000;
  return {
    isFirst(channel, timestamp, body) {
      const now = monotonic();
      for (const [key, at] of seen) {
        if (now - at < keptMs) break;
        seen.delete(key);
      }
      // SECURITY: over what was signed and not over the signature, of which another spelling could also be good.
      const key = createHash('sha256').update(`${channel}\n${timestamp}\n`).update(body).digest('hex');
      if (seen.has(key) || seen.size >= most) return false;
      seen.set(key, now);
      return true;
    },
  };
}
