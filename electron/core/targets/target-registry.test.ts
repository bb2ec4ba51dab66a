import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { createAcceptedText } from '../accepted-text.ts';
import { createChangeBus } from '../change-bus.ts';
import { builtInLocal, createTargetRegistry, type TargetRegistry, type TargetsEvent } from './target-registry.ts';

const file = (capability: string): string => `targets:\n  local:\n    capabilities: [${capability}]\n`;

let disk: string | null | Error;
let touch: () => void;
let events: TargetsEvent[];

const source = {
  path: '/data/targets.yaml',
  read: () => (disk instanceof Error ? Promise.reject(disk) : Promise.resolve(disk)),
  watch: (onChange: () => void) => {
    touch = onChange;
    return () => undefined;
  },
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function write(next: typeof disk): Promise<void> {
  disk = next;
  touch();
  await settle();
}

async function started(over: Partial<Parameters<typeof createTargetRegistry>[0]> = {}): Promise<TargetRegistry> {
  const registry = createTargetRegistry({
    file: source,
    missingIsAccepted: false,
    clock: createFakeClock(),
    tools: () => ['bash'],
    onEvent: (event) => events.push(event),
    ...over,
  });
  await registry.start();
  return registry;
}

beforeEach(() => {
  disk = null;
  events = [];
});

describe('the target registry', () => {
  it('F34: always has local; without a file it is this machine with every capability', async () => {
    const registry = await started();
    expect(registry.list()).toEqual([builtInLocal]);
    expect(registry.isBuiltIn('local')).toBe(true);
    expect(registry.get('constructor')).toBeNull();
    disk = 'targets:\n  web:\n    metadata: { tier: test }\n    capabilities: []\n';
    const withWeb = await started();
    expect(withWeb.list().map(({ id }) => id)).toEqual(['local', 'web']);
    expect(withWeb.metadata('web')).toEqual({ tier: 'test' });
    expect(withWeb.metadata('none')).toEqual({});
  });

  it('F34: follows the file while it runs, and keeps the last good one with the problems shown', async () => {
    disk = file('file:read');
    const registry = await started();
    expect(registry.get('local')?.capabilities).toEqual(['file:read']);
    await write(file('bash:exec'));
    expect(registry.get('local')?.capabilities).toEqual(['bash:exec']);
    await write('targets:\n  local:\n    capabilites: [admin]\n');
    expect(registry.get('local')?.capabilities).toEqual(['bash:exec']);
    expect(registry.status()).toMatchObject({ state: 'last_good' });
    expect(registry.status().problems.map(({ line }) => line)).toContain(3);
    expect(events.map(({ type }) => type)).toEqual(['targets.loaded', 'targets.loaded', 'targets.rejected']);
    await write(file('file:write'));
    expect(registry.status()).toMatchObject({ state: 'active', problems: [] });
  });

  it('F34: a file that goes away gives nothing back', async () => {
    disk = file('file:read');
    const registry = await started();
    await write(null);
    expect(registry.get('local')?.capabilities).toEqual(['file:read']);
    expect(registry.status().problems[0]?.message).toContain('gone');
    await write(new Error('broken disk'));
    expect(registry.get('local')?.capabilities).toEqual(['file:read']);
  });

  it.each([['targets: ['], [new Error('unreadable')], ['']])(
    'F34: with nothing good at start there is no target at all: %s',
    async (bad) => {
      disk = bad;
      const registry = await started();
      expect(registry.get('local')).toBeNull();
      expect(registry.deniedBecause()).toContain('/data/targets.yaml');
      expect(registry.status()).toMatchObject({ state: 'deny_all', version: 'deny-all' });
      await write(file('file:read'));
      expect(registry.get('local')).not.toBeNull();
      expect(registry.deniedBecause()).toBeNull();
    },
  );

  it('F34: with a window, what another program writes is held until it is accepted, also where there was no file', async () => {
    const store = createFakeStore({ clock: createFakeClock() });
    await store.start();
    const accept = async () => {
      const text = createAcceptedText({
        file: source,
        store,
        bus: createChangeBus(),
        events: { accepted: 'targets.accepted', held: 'targets.held' },
        topic: 'targets',
      });
      await text.start();
      return { text, registry: await started({ file: text, missingIsAccepted: true }) };
    };
    const first = await accept();
    await write(file('file:read'));
    expect(first.registry.isBuiltIn('local')).toBe(true);
    // Over a restart, too.
    const { text, registry } = await accept();
    expect(registry.isBuiltIn('local')).toBe(true);
    expect(text.held()?.text).toBe(file('file:read'));
    await expect(text.accept('another')).rejects.toMatchObject({ code: 'conflict' });
    await text.accept(text.held()?.version ?? '');
    await settle();
    expect(registry.get('local')?.capabilities).toEqual(['file:read']);
    await write(null);
    expect(registry.get('local')?.capabilities).toEqual(['file:read']);
    await text.accept('missing');
    await settle();
    expect(registry.isBuiltIn('local')).toBe(true);
  });
});
