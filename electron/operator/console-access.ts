import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/ports/clock.ts';

export type RefusalReason = 'used_twice' | 'expired' | 'unknown' | 'no_session';

export type Exchange =
  { readonly ok: true; readonly session: string; readonly signal: AbortSignal } | { readonly ok: false; readonly reason: RefusalReason };

/** Who may use the browser console: one-time secrets, and the session keys that they are exchanged for (THREATS rule 22). */
export interface ConsoleAccess {
  /** A new secret and when it stops being good (wall clock, ms). */
  newSecret(): { readonly secret: string; readonly expiresAt: number };
  /** Spends a secret. One that was spent before also ends the session that it opened: one of the two users is not the operator. */
  exchange(secret: string): Exchange;
  /** The session's life, or null when the key is none. Each use keeps the session for another idle period. */
  check(key: string): AbortSignal | null;
  /** Undoes an exchange whose record could not be written. */
  end(key: string): void;
  endAll(): void;
}

export const linkLifeMs = 5 * 60_000;
export const sessionIdleMs = 12 * 3_600_000;
const secretBytes = 32;
const rememberedLinks = 100;
const openSessions = 16;

interface Session {
  readonly hash: Buffer;
  readonly ended: AbortController;
  idleSince: number;
}

interface Link {
  readonly hash: Buffer;
  readonly madeAt: number;
  spentOn: Session | null;
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** SECURITY: every entry is compared, each in constant time, so that time tells nothing about how much of a guess was right. */
function find<T extends { readonly hash: Buffer }>(entries: readonly T[], text: string): T | undefined {
  const hash = hashOf(text);
  let found: T | undefined;
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry;
  return found;
}

/** Keeps hashes only, in memory only. Spent links are remembered, so that a second use is noticed for what it is. */
export function createConsoleAccess(clock: Clock): ConsoleAccess {
  let links: Link[] = [];
  let sessions: Session[] = [];

  const endSession = (session: Session): void => {
    sessions = sessions.filter((other) => other !== session);
    session.ended.abort();
  };
  const endIdle = (): void => {
    const oldest = clock.monotonic() - sessionIdleMs;
    for (const session of sessions.filter(({ idleSince }) => !(idleSince > oldest))) endSession(session);
  };
  // A page that only listens makes no request: its streams end by the clock.
  const endWhenIdle = (session: Session): void => {
    const cancel = clock.after(session.idleSince + sessionIdleMs - clock.monotonic(), () => {
      endIdle();
      if (!session.ended.signal.aborted) endWhenIdle(session);
    });
    session.ended.signal.addEventListener('abort', cancel, { once: true });
  };
  const open = (): { readonly key: string; readonly session: Session } => {
    const key = randomBytes(secretBytes).toString('base64url');
    const session: Session = { hash: hashOf(key), ended: new AbortController(), idleSince: clock.monotonic() };
    endIdle();
    while (sessions.length >= openSessions && sessions[0] !== undefined) endSession(sessions[0]);
    sessions.push(session);
    endWhenIdle(session);
    return { key, session };
  };

  return {
    newSecret() {
      const secret = randomBytes(secretBytes).toString('base64url');
      links = [...links, { hash: hashOf(secret), madeAt: clock.monotonic(), spentOn: null }].slice(-rememberedLinks);
      return { secret, expiresAt: clock.now() + linkLifeMs };
    },
    exchange(secret) {
      const link = find(links, secret);
      if (link === undefined) return { ok: false, reason: 'unknown' };
      if (link.spentOn !== null) {
        endSession(link.spentOn);
        return { ok: false, reason: 'used_twice' };
      }
      // SECURITY: written so that a clock that answers NaN means expired.
      if (!(clock.monotonic() - link.madeAt < linkLifeMs)) return { ok: false, reason: 'expired' };
      const { key, session } = open();
      link.spentOn = session;
      return { ok: true, session: key, signal: session.ended.signal };
    },
    check(key) {
      endIdle();
      const session = find(sessions, key);
      if (session === undefined) return null;
      session.idleSince = clock.monotonic();
      return session.ended.signal;
    },
    end(key) {
      const session = find(sessions, key);
      if (session !== undefined) endSession(session);
    },
    endAll() {
      links = [];
      for (const session of sessions) endSession(session);
    },
  };
}
