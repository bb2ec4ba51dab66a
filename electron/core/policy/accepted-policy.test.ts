import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { createChangeBus } from '../change-bus.ts';
import type { PolicyFile } from '../ports/policy-file.ts';
import type { Store } from '../ports/store.ts';
import { policyVersion } from './policy-version.ts';
import { createAcceptedPolicy, type AcceptedPolicy } from './accepted-policy.ts';

let disk: string | null;
let touch: () => void;
let store: Store;
/** How often the policy was told to read again. */
let reloads: number;

const file: PolicyFile = {
  path: '/data/policy.yaml',
  read: () => Promise.resolve(disk),
  version: () => Promise.resolve(policyVersion(disk)),
  write: async (text) => {
    disk = text;
    touch();
    await new Promise((resolve) => setImmediate(resolve));
  },
  watch: (onChange) => {
    touch = onChange;
    return () => undefined;
  },
};

async function started(): Promise<AcceptedPolicy> {
  const policy = createAcceptedPolicy({ file, store, bus: createChangeBus() });
  await policy.start();
  policy.watch(() => (reloads += 1));
  return policy;
}

async function write(text: string | null): Promise<void> {
  disk = text;
  touch();
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(async () => {
  disk = 'first';
  reloads = 0;
  store = createFakeStore({ clock: createFakeClock() });
  await store.start();
});

describe('a policy file that another program of the same user changes (THREATS rule 21)', () => {
  it('is read at the very first start, and held from then on until it is accepted', async () => {
    const policy = await started();
    expect(await policy.read()).toBe('first');
    await write('loosened');
    expect(await policy.read()).toBe('first');
    expect(reloads).toBe(0);
    const held = policy.held();
    expect(held?.text).toBe('loosened');
    await policy.accept(held?.version ?? '');
    expect(await policy.read()).toBe('loosened');
    expect(reloads).toBe(1);
    expect(policy.held()).toBeNull();
  });

  it('stays inactive over a restart, also when it was changed while nothing ran', async () => {
    await started();
    disk = 'changed while stopped';
    const after = await started();
    expect(await after.read()).toBe('first');
    expect(after.held()?.text).toBe('changed while stopped');
  });

  it('is accepted only as it was shown', async () => {
    const policy = await started();
    await write('one');
    const shown = policy.held()?.version ?? '';
    await write('two');
    await expect(policy.accept(shown)).rejects.toMatchObject({ code: 'conflict' });
    expect(await policy.read()).toBe('first');
  });

  it('that is deleted, or put back, changes nothing', async () => {
    const policy = await started();
    await write(null);
    await expect(policy.accept('missing')).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await policy.read()).toBe('first');
    await write('first');
    expect(policy.held()).toBeNull();
    await expect(policy.accept('missing')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('leaves a trace: what was held, and what was accepted, whole', async () => {
    const policy = await started();
    await write('loosened');
    await policy.accept(policy.held()?.version ?? '');
    const events = await store.auditEvents({ after_seq: 0, limit: 10 });
    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['policy.accepted', 'gateway'],
      ['policy.held', 'gateway'],
      ['policy.accepted', 'operator'],
    ]);
    expect(events[2]?.data['text']).toBe('loosened');
  });
});
