/** Failed authentications per window and peer before further ones are answered with 429, and the window's length in milliseconds. */
const allowed = 20;
const windowMs = 10_000;

/** The most peers remembered; on loopback there are a handful. */
const maxPeers = 1000;

/**
 * Slows down guessing. Only *failures* count and only failures are refused: a good token from the same address is never delayed by
 * somebody else's bad ones.
 */
export interface AuthThrottle {
  /** Notes a failure. `log`: whether it is to be recorded on its own; `coalesced`: how many before it were not. */
  failed(peer: string): {
    readonly isLimited: boolean;
    readonly retryAfterSeconds: number;
    readonly isLogged: boolean;
    readonly coalesced: number;
  };
}

interface Window {
  readonly started: number;
  failures: number;
  silent: number;
}

export function createAuthThrottle(monotonic: () => number): AuthThrottle {
  const peers = new Map<string, Window>();
  return {
    failed(peer) {
      const now = monotonic();
      const known = peers.get(peer);
      const isOver = known === undefined || now - known.started >= windowMs;
      const current: Window = isOver ? { started: now, failures: 0, silent: 0 } : known;
      const coalesced = isOver ? (known?.silent ?? 0) : 0;
      peers.delete(peer);
      peers.set(peer, current);
      const oldest = peers.keys().next().value;
      if (peers.size > maxPeers && oldest !== undefined) peers.delete(oldest);
      current.failures += 1;
      const isLimited = current.failures > allowed;
      if (isLimited) current.silent += 1;
      return {
        isLimited,
        retryAfterSeconds: Math.ceil((current.started + windowMs - now) / 1000),
        isLogged: !isLimited || current.failures === allowed + 1,
        coalesced,
      };
    },
  };
}
