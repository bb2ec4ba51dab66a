import { createHmac } from 'node:crypto';
import type { MintRequest, MintedToken } from '../../../shared/contract/contract.ts';
import type { AuditEventType } from '../../../shared/domain/audit.ts';
import type { AgentToken, Digest, TokenId } from '../../../shared/domain/identity.ts';
import { localTarget } from '../../../shared/domain/target.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { StoreChange, Store, StoredToken } from '../ports/store.ts';
import { bearerHash, claimedId, createBearer, isSameHash } from './bearer-token.ts';
import { expiryOf } from './lifetime.ts';
import { expandScopes } from './scopes.ts';

export type Authentication =
  | { readonly ok: true; readonly token: AgentToken }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown' | 'expired' | 'revoked' };

/** Bearer tokens: minted, verified in constant time over hashes, revoked at once. */
export interface TokenService {
  start(): Promise<void>;
  /** Errors: `invalid_input` naming the field. The token itself is returned once and stored nowhere. */
  mint(request: MintRequest): Promise<MintedToken>;
  /** Ends the old token and mints one with the same rights and the same length of life. Errors: `not_found`, `conflict` when it has ended. */
  rotate(id: TokenId): Promise<MintedToken>;
  /** Takes effect at once, before it is on disk. Errors: `not_found`; `unavailable` when it could not be written and so holds only until the restart. */
  revoke(id: TokenId): Promise<{ readonly id: TokenId; readonly revoked_at: string }>;
  list(): readonly AgentToken[];
  /** From the in-memory table only: no disk, no timing that depends on the secret. */
  authenticate(bearer: string): Authentication;
  /** Whether a token is good at this instant; asked again right before execution. */
  isActive(id: TokenId): boolean;
  /** HMAC-SHA-256 of `message` under the token's stored hash: shows the holder of the token that this is the gateway it was minted by. */
  prove(id: TokenId, message: string): string | null;
  onRevoked(listener: (id: TokenId) => void): () => void;
}

export interface TokenServiceDeps {
  readonly store: Store;
  readonly files: Pick<Files, 'checkWorkspace'>;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  /** Whether there is a target of this id; without it there is `local` alone. */
  readonly isTarget?: (id: string) => boolean;
}

/** Compared against when the claimed id is unknown, so that an unknown id takes as long as a wrong secret. */
const nobody = '0'.repeat(64) as Digest;

export function createTokenService({ store, files, clock, bus, isTarget = (id) => id === localTarget }: TokenServiceDeps): TokenService {
  const tokens = new Map<TokenId, StoredToken>();
  const listeners = new Set<(id: TokenId) => void>();

  const iso = (ms: number): string => new Date(ms).toISOString();
  const isCurrent = (token: AgentToken): boolean => token.revoked_at === null && clock.now() < Date.parse(token.expires_at);

  async function commit(type: AuditEventType, changes: StoreChange[], subject: AgentToken, data: JsonObject): Promise<void> {
    const event = { type, actor: 'operator' as const, agent: subject.agent, token_id: subject.id, task_id: null, call_id: null, data };
    const result = await store.commit({ events: [event], changes });
    if (!result.ok) throw new AppError('conflict', 'The token changed meanwhile. List the tokens and try again.');
  }

  function required(id: TokenId): StoredToken {
    const stored = tokens.get(id);
    if (stored === undefined) throw new AppError('not_found', `No token has the id ${id}. List them with: gatehouse token list`);
    return stored;
  }

  function end(id: TokenId, at: string): void {
    const stored = required(id);
    tokens.set(id, { ...stored, token: { ...stored.token, revoked_at: stored.token.revoked_at ?? at } });
    for (const listener of listeners) listener(id);
    bus.changed('tokens');
  }

  function describe(token: AgentToken): JsonObject {
    return { scopes: token.scopes, workspaces: token.workspaces, targets: token.targets, expires_at: token.expires_at };
  }

  function create(
    fields: Pick<AgentToken, 'agent' | 'scopes' | 'workspaces' | 'targets'>,
    endsAt: number,
  ): { stored: StoredToken; minted: MintedToken } {
    const { id, bearer, hash } = createBearer();
    const { agent, scopes, workspaces, targets } = fields;
    const created_at = iso(clock.now());
    const token: AgentToken = {
      id,
      agent,
      scopes,
      workspaces,
      targets,
      created_at,
      expires_at: iso(endsAt),
      revoked_at: null,
      last_used_at: null,
    };
    const minted = {
      id,
      agent: token.agent,
      token: bearer,
      scopes: token.scopes,
      workspaces: token.workspaces,
      expires_at: token.expires_at,
    };
    return { stored: { token, hash }, minted };
  }

  return {
    async start() {
      for (const stored of await store.tokens()) tokens.set(stored.token.id, stored);
    },

    async mint(request) {
      const endsAt = expiryOf(request, clock.now());
      const unknown = request.targets.find((target) => !isTarget(target));
      if (unknown !== undefined)
        throw new AppError(
          'invalid_input',
          `targets: ${JSON.stringify(unknown)} is not known. List them with: gatehouse targets list; others are written into targets.yaml.`,
        );
      // A token that names none may act on this machine, and on nothing else.
      const targets = request.targets.length === 0 ? [localTarget] : [...new Set(request.targets)];
      const workspaces = [...new Set(await Promise.all(request.workspaces.map((path) => files.checkWorkspace(path))))];
      const { stored, minted } = create({ agent: request.agent, scopes: expandScopes(request.scopes), workspaces, targets }, endsAt);
      await commit('token.minted', [{ kind: 'token.insert', token: stored }], stored.token, describe(stored.token));
      tokens.set(stored.token.id, stored);
      bus.changed('tokens');
      return minted;
    },

    async rotate(id) {
      const { token } = required(id);
      if (!isCurrent(token)) throw new AppError('conflict', 'The token has ended and cannot be rotated. Mint a new one.');
      const now = clock.now();
      const { stored, minted } = create(token, now + (Date.parse(token.expires_at) - Date.parse(token.created_at)));
      const changes: StoreChange[] = [
        { kind: 'token.revoke', id, at: iso(now) },
        { kind: 'token.insert', token: stored },
      ];
      await commit('token.rotated', changes, token, { ...describe(stored.token), replaced_by: stored.token.id });
      tokens.set(stored.token.id, stored);
      end(id, iso(now));
      return minted;
    },

    async revoke(id) {
      const { token } = required(id);
      if (token.revoked_at !== null) return { id, revoked_at: token.revoked_at };
      const at = iso(clock.now());
      // SECURITY: the token ends in memory first; a full disk must not keep it alive.
      end(id, at);
      await commit('token.revoked', [{ kind: 'token.revoke', id, at }], token, {});
      return { id, revoked_at: at };
    },

    list: () => [...tokens.values()].map((stored) => stored.token),

    authenticate(bearer) {
      const id = claimedId(bearer);
      if (id === null) return { ok: false, reason: 'malformed' };
      const stored = tokens.get(id);
      const isRight = isSameHash(bearerHash(bearer), stored?.hash ?? nobody);
      if (stored === undefined || !isRight) return { ok: false, reason: 'unknown' };
      if (stored.token.revoked_at !== null) return { ok: false, reason: 'revoked' };
      if (!isCurrent(stored.token)) return { ok: false, reason: 'expired' };
      const token = { ...stored.token, last_used_at: iso(clock.now()) };
      tokens.set(id, { ...stored, token });
      return { ok: true, token };
    },

    isActive(id) {
      const stored = tokens.get(id);
      return stored !== undefined && isCurrent(stored.token);
    },

    prove(id, message) {
      const stored = tokens.get(id);
      if (stored === undefined || !isCurrent(stored.token)) return null;
      return createHmac('sha256', Buffer.from(stored.hash, 'hex')).update(message, 'utf8').digest('hex');
    },

    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
