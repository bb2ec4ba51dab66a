import { describe, expect, it } from 'vitest';
import type { SandboxTrial } from '../../../shared/domain/host.ts';
import type { EffectiveSandbox, SandboxMode } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { testProfile } from '../../testing/sandbox-world.ts';
import { createChangeBus } from '../change-bus.ts';
import type { Sandbox, SandboxCommand, SandboxResult } from '../ports/sandbox.ts';
import type { Store } from '../ports/store.ts';
import { createSandboxSwitch, type SandboxSwitch } from './sandbox-switch.ts';

const command: SandboxCommand = {
  argv: ['/bin/bash', '--noprofile', '--norc', '-c', 'ls'],
  cwd: '/workspace',
  workspaces: ['/workspace'],
  mount: { kind: 'read-only' },
  profile: testProfile,
  env: {},
  timeoutMs: 1000,
  outputLimit: 1000,
  tty: false,
  network: null,
};

/** One of the three, which counts what it is asked. */
class Part implements Sandbox {
  ran = 0;
  probes = 0;
  works = true;
  breaksNext = false;
  #tried = false;
  readonly #kind: EffectiveSandbox;
  constructor(kind: EffectiveSandbox) {
    this.#kind = kind;
    this.#tried = kind === 'none';
  }
  status(): SandboxTrial {
    const effective = this.#tried && this.works ? this.#kind : 'refuse';
    return {
      effective,
      version: null,
      detail: `${this.#kind} ${effective === 'refuse' ? 'is broken' : 'works'}`,
      fix: effective === 'refuse' ? 'mend it' : null,
      attempts: [],
    };
  }
  async probe(): Promise<SandboxTrial> {
    this.probes += 1;
    this.#tried = true;
    return Promise.resolve(this.status());
  }
  async run(): Promise<SandboxResult> {
    if (this.breaksNext || this.status().effective === 'refuse') throw new AppError('unavailable', 'it broke');
    this.ran += 1;
    return Promise.resolve({ exit: { kind: 'exited', code: 0 }, output: this.#kind, outputBytes: 0, truncated: false, durationMs: 1 });
  }
  async stop(): Promise<void> {}
}

interface Bench {
  readonly store: Store;
  readonly bubblewrap: Part;
  readonly allowlist: Part;
  readonly bare: Part;
  readonly sandbox: SandboxSwitch;
  readonly topics: string[];
  set(mode: SandboxMode): void;
  breakLog(isBroken: boolean): void;
  changes(): Promise<readonly JsonObject[]>;
  run(): Promise<string>;
}

const open = async (mode: SandboxMode, given?: Store): Promise<Bench> => {
  const store = given ?? createFakeStore({ clock: createFakeClock() });
  if (given === undefined) await store.start();
  const bus = createChangeBus();
  const topics: string[] = [];
  bus.subscribe((topic) => topics.push(topic));
  const [bubblewrap, allowlist, bare] = [new Part('bubblewrap'), new Part('allowlist'), new Part('none')];
  let asked = mode;
  let isLogBroken = false;
  const sandbox = createSandboxSwitch({
    mode: () => asked,
    bubblewrap,
    allowlist,
    bare,
    layer: () => null,
    limits: () => null,
    store,
    async record(data) {
      if (isLogBroken) throw new AppError('unavailable', 'The disk is full.');
      const event = { type: 'sandbox.changed', actor: 'gateway', agent: null, token_id: null, task_id: null, call_id: null, data } as const;
      await store.commit({ events: [event], changes: [] });
    },
    bus,
    onError: () => undefined,
  });
  return {
    store,
    bubblewrap,
    allowlist,
    bare,
    sandbox,
    topics,
    set(next) {
      asked = next;
      bus.changed('config');
    },
    breakLog: (isBroken) => void (isLogBroken = isBroken),
    changes: async () => (await store.auditEvents({ types: ['sandbox.changed'], after_seq: 0, limit: 100 })).map(({ data }) => data),
    run: async () =>
      sandbox.run(command, new AbortController().signal).then(
        ({ output }) => output,
        (error: unknown) => (error as AppError).code,
      ),
  };
};

const settled = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('F53: auto', () => {
  it('runs in bubblewrap where it works, and there is nothing to tell', async () => {
    const bench = await open('auto');
    expect(await bench.sandbox.probe()).toMatchObject({ mode: 'auto', effective: 'bubblewrap', reason_for_downgrade: null });
    expect(await bench.run()).toBe('bubblewrap');
    expect(await bench.changes()).toEqual([]);
    expect(bench.allowlist.probes).toBe(0);
  });

  it('falls back to the allowlist, and says so in the status, in the log and on the bus', async () => {
    const bench = await open('auto');
    bench.bubblewrap.works = false;
    const found = await bench.sandbox.probe();
    expect(found).toMatchObject({ mode: 'auto', effective: 'allowlist', fix: 'mend it' });
    expect(found.reason_for_downgrade).toContain('bubblewrap is broken');
    expect(bench.topics).toContain('status');
    expect(await bench.changes()).toMatchObject([{ before: null, after: { mode: 'auto', effective: 'allowlist' } }]);
    expect(await bench.run()).toBe('allowlist');
    expect(bench.bubblewrap.ran + bench.bare.ran).toBe(0);
  });

  it('refuses when neither works', async () => {
    const bench = await open('auto');
    bench.bubblewrap.works = bench.allowlist.works = false;
    expect(await bench.sandbox.probe()).toMatchObject({ effective: 'refuse' });
    expect(await bench.run()).toBe('unavailable');
    expect(bench.bare.ran).toBe(0);
  });

  it('tells a downgrade since the last run, once, and the way back', async () => {
    const first = await open('auto');
    await first.sandbox.probe();
    await first.store.commit({
      events: [
        {
          type: 'sandbox.probed',
          actor: 'gateway',
          agent: null,
          token_id: null,
          task_id: null,
          call_id: null,
          data: { mode: 'auto', effective: 'bubblewrap' },
        },
      ],
      changes: [],
    });
    const second = await open('auto', first.store);
    second.bubblewrap.works = false;
    await second.sandbox.probe();
    await second.sandbox.probe();
    const change = { before: { mode: 'auto', effective: 'bubblewrap' }, after: { mode: 'auto', effective: 'allowlist' } };
    expect(await second.changes()).toMatchObject([change]);
    const third = await open('auto', first.store);
    await third.sandbox.probe();
    expect(await third.changes()).toMatchObject([change, { before: change.after, after: change.before, reason: 'bubblewrap works again' }]);
  });

  it('tries again what breaks while it is used: that call fails, the next one takes the allowlist', async () => {
    const bench = await open('auto');
    await bench.sandbox.probe();
    bench.bubblewrap.breaksNext = true;
    bench.bubblewrap.works = false;
    // The last trial still says that it works.
    bench.bubblewrap.status = () => ({
      effective: bench.bubblewrap.probes > 1 ? 'refuse' : 'bubblewrap',
      version: null,
      detail: 'broke',
      fix: null,
      attempts: [],
    });
    expect(await bench.run()).toBe('unavailable');
    await settled();
    expect(bench.sandbox.status()).toMatchObject({ effective: 'allowlist' });
    expect(await bench.changes()).toHaveLength(1);
    expect(await bench.run()).toBe('allowlist');
  });

  it('runs nothing in another sandbox than the log says', async () => {
    const bench = await open('auto');
    await bench.sandbox.probe();
    bench.breakLog(true);
    bench.bubblewrap.works = false;
    await bench.sandbox.probe().catch(() => undefined);
    expect(bench.sandbox.status().effective).toBe('allowlist');
    expect(await bench.run()).toBe('unavailable');
    expect(bench.allowlist.ran).toBe(0);
    bench.breakLog(false);
    expect(await bench.run()).toBe('allowlist');
    expect(await bench.changes()).toHaveLength(1);
  });
});

describe('F54: always', () => {
  it('runs in bubblewrap or not at all', async () => {
    const bench = await open('always');
    expect(await bench.sandbox.probe()).toMatchObject({ mode: 'always', effective: 'bubblewrap' });
    expect(await bench.run()).toBe('bubblewrap');
    bench.bubblewrap.works = false;
    expect(await bench.sandbox.probe()).toMatchObject({ mode: 'always', effective: 'refuse', fix: 'mend it' });
    expect(await bench.run()).toBe('unavailable');
    expect(bench.allowlist.ran + bench.bare.ran + bench.allowlist.probes).toBe(0);
    expect(await bench.changes()).toMatchObject([{ after: { mode: 'always', effective: 'refuse' } }]);
  });

  it('takes effect at the next call', async () => {
    const bench = await open('auto');
    bench.bubblewrap.works = false;
    await bench.sandbox.probe();
    expect(await bench.run()).toBe('allowlist');
    bench.set('always');
    expect(await bench.run()).toBe('unavailable');
    bench.set('auto');
    await settled();
    expect(await bench.run()).toBe('allowlist');
    await settled();
    expect(await bench.changes()).toHaveLength(3);
  });
});

describe('F55: off', () => {
  it('runs bare, and says so everywhere', async () => {
    const bench = await open('auto');
    await bench.sandbox.probe();
    bench.set('off');
    await settled();
    expect(bench.sandbox.status()).toMatchObject({ mode: 'off', effective: 'none', reason_for_downgrade: 'safety.bash_sandbox is off' });
    expect(await bench.changes()).toMatchObject([
      { before: { mode: 'auto', effective: 'bubblewrap' }, after: { mode: 'off', effective: 'none' } },
    ]);
    expect(bench.topics).toContain('status');
    expect(await bench.run()).toBe('none');
    bench.set('auto');
    expect(await bench.run()).toBe('bubblewrap');
  });
});
