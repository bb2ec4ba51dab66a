import { createHmac, createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentToken, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { createChangeBus } from '../change-bus.ts';
import type { Store } from '../ports/store.ts';
import { createTokenService, type TokenService } from './token-service.ts';

let clock: FakeClock;
let store: Store;
let tokens: TokenService;

const files = {
  checkWorkspace: (path: string): Promise<string> =>
    path.startsWith('/work')
      ? Promise.resolve(path.replace(/\/$/, ''))
      : Promise.reject(new AppError('invalid_input', `workspace: ${path} may not be one.`)),
};
const request = { agent: 'Claude Code', scopes: ['file:read' as const], ttl: '12h', workspaces: [], targets: [] };

async function restart(): Promise<TokenService> {
  const service = createTokenService({ store, files, clock, bus: createChangeBus() });
  await service.start();
  return service;
}

beforeEach(async () => {
  clock = createFakeClock();
  store = createFakeStore({ clock });
  await store.start();
  tokens = await restart();
});

const only = (id: TokenId): AgentToken | undefined => tokens.list().find((token) => token.id === id);

describe('the token service', () => {
  it('F18: the right token passes, and no altered one does', async () => {
    const { token } = await tokens.mint(request);
    expect(tokens.authenticate(token)).toMatchObject({ ok: true, token: { agent: 'Claude Code' } });
    for (let i = 0; i < token.length; i += 1) {
      const flipped = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
      expect(tokens.authenticate(flipped).ok, flipped).toBe(false);
      expect(tokens.authenticate(token.slice(0, i)).ok).toBe(false);
    }
    for (const other of ['', token + 'x', ` ${token}`, token.toUpperCase(), token + '\n', 'constructor'])
      expect(tokens.authenticate(other).ok).toBe(false);
  });

  it('F85: the log and the store never see the token', async () => {
    const { token } = await tokens.mint(request);
    const secret = token.slice(-43);
    const everything = JSON.stringify([await store.tokens(), await store.auditEvents({ after_seq: 0, limit: 100 }), tokens.list()]);
    expect(everything).not.toContain(secret);
    expect(everything).toContain('token.minted');
  });

  it.each([
    ['30d', 30 * 86_400_000],
    ['12h', 12 * 3_600_000],
    ['15m', 15 * 60_000],
  ])('F20: a token of %s ends then', async (ttl, ms) => {
    const { token, expires_at, id } = await tokens.mint({ ...request, ttl });
    expect(Date.parse(expires_at) - clock.now()).toBe(ms);
    await clock.advance(ms - 1);
    expect(tokens.authenticate(token).ok).toBe(true);
    await clock.advance(1);
    expect(tokens.authenticate(token)).toEqual({ ok: false, reason: 'expired' });
    expect(tokens.isActive(id)).toBe(false);
  });

  it.each(['1y', '0m', '-1d', '1.5h', '', '30', 'd', '1e3m', '٣d', ' 1d', '999999d'])(
    'F20: the lifetime %j is an error that names ttl',
    async (ttl) => {
      await expect(tokens.mint({ ...request, ttl })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(/^ttl/) as string,
      });
    },
  );

  it.each(['2020-01-01T00:00:00Z', '2026-13-01T00:00:00Z', 'tomorrow', '2030-01-01', '2999-01-01T00:00:00Z'])(
    'F20: the expiry %j is an error that names expiry',
    async (expiry) => {
      await expect(tokens.mint({ ...request, ttl: undefined, expiry })).rejects.toMatchObject({
        message: expect.stringMatching(/^expiry/) as string,
      });
    },
  );

  it('F20: both, or neither, is an error: every token expires', async () => {
    await expect(tokens.mint({ ...request, expiry: '2026-03-02T00:00:00Z' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(tokens.mint({ ...request, ttl: undefined })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('F19, F31: meta-scopes expand when the token is minted', async () => {
    const readonly = await tokens.mint({ ...request, scopes: ['readonly'] });
    expect(readonly.scopes).toEqual(['system:read', 'network:read', 'container:read', 'file:read', 'security:read']);
    const admin = await tokens.mint({ ...request, scopes: ['admin', 'file:read'] });
    expect(admin.scopes).toContain('bash:exec');
    expect(new Set(admin.scopes).size).toBe(admin.scopes.length);
  });

  it('keeps resolved workspaces, and refuses what may not be one or an unknown target', async () => {
    const { workspaces } = await tokens.mint({ ...request, workspaces: ['/work/a/', '/work/a', '/work/b'] });
    expect(workspaces).toEqual(['/work/a', '/work/b']);
    await expect(tokens.mint({ ...request, workspaces: ['/etc'] })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(tokens.mint({ ...request, targets: ['production'] })).rejects.toMatchObject({
      message: expect.stringContaining('production') as string,
    });
  });

  it('F22, F82: revoking takes effect at once, tells whoever listens, and survives a restart', async () => {
    const { id, token } = await tokens.mint(request);
    const ended: string[] = [];
    tokens.onRevoked((one) => ended.push(one));
    await tokens.revoke(id);
    expect(ended).toEqual([id]);
    expect(tokens.authenticate(token)).toEqual({ ok: false, reason: 'revoked' });
    expect((await restart()).authenticate(token)).toEqual({ ok: false, reason: 'revoked' });
    await expect(tokens.revoke('tok_zzzzzzzzzzzzzzzz' as TokenId)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('F22: a token is revoked even when the disk is full', async () => {
    const { id, token } = await tokens.mint(request);
    const broken = createTokenService({
      store: { ...store, commit: () => Promise.reject(new AppError('unavailable', 'full')) },
      files,
      clock,
      bus: createChangeBus(),
    });
    await broken.start();
    await expect(broken.revoke(id)).rejects.toMatchObject({ code: 'unavailable' });
    expect(broken.authenticate(token)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('F82: rotating ends the old token and keeps rights and length of life', async () => {
    const { id, token } = await tokens.mint({ ...request, workspaces: ['/work/a'] });
    await clock.advance(3_600_000);
    const next = await tokens.rotate(id);
    expect(tokens.authenticate(token)).toEqual({ ok: false, reason: 'revoked' });
    expect(tokens.authenticate(next.token).ok).toBe(true);
    expect(only(next.id)).toMatchObject({ agent: 'Claude Code', scopes: ['file:read'], workspaces: ['/work/a'] });
    expect(Date.parse(next.expires_at) - clock.now()).toBe(12 * 3_600_000);
    await expect(tokens.rotate(id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('proves knowledge of the hash, and of nothing else', async () => {
    const { id, token } = await tokens.mint(request);
    const key = createHash('sha256').update(token).digest();
    expect(tokens.prove(id, 'hello')).toBe(createHmac('sha256', key).update('hello').digest('hex'));
    await tokens.revoke(id);
    expect(tokens.prove(id, 'hello')).toBeNull();
  });
});
