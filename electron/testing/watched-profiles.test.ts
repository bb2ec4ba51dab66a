import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchFolder } from '../adapters/policy-file/watch-folder.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeStore, type FakeStore } from './fake-store.ts';
import { createChangeBus } from '../core/change-bus.ts';
import { profileCapabilities } from '../core/sandbox/sandbox-capability.ts';
import { createSandboxProfiles, type SandboxProfiles } from '../core/sandbox/sandbox-profiles.ts';
import { createWatchedProfiles, type WatchedProfiles } from '../core/sandbox/watched-profiles.ts';

describe('profiles of the operator’s', () => {
  let own: string;
  let shipped: string;
  let store: FakeStore;
  let profiles: SandboxProfiles;
  let watched: WatchedProfiles;
  let errors: unknown[];
  const text = (description: string): string => `name: builds\ndescription: ${description}\n`;
  const put = (content: string): void => writeFileSync(join(own, 'builds.yaml'), content);
  const changes = () => store.events().map(({ data }) => data);

  const make = (): void => {
    profiles = createSandboxProfiles({ folders: [shipped, own] });
    watched = createWatchedProfiles({
      profiles,
      watch: async (onChange) => await watchFolder(own, onChange),
      store,
      record: async (data) => {
        const event = {
          type: 'config.changed',
          actor: 'gateway',
          agent: null,
          token_id: null,
          task_id: null,
          call_id: null,
          data,
        } as const;
        await store.commit({ events: [event], changes: [] });
      },
      bus: createChangeBus(),
      onError: (error) => void errors.push(error),
    });
  };
  beforeEach(() => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-profiles-')));
    [own, shipped] = [join(folder, 'own'), join(folder, 'shipped')];
    store = createFakeStore({ clock: createFakeClock() });
    errors = [];
    make();
  });
  afterEach(async () => {
    await watched.stop();
    rmSync(join(own, '..'), { recursive: true });
  });
  const becomes = async (description: string | undefined): Promise<void> => {
    await vi.waitFor(() => expect(profiles.get('builds')?.description).toBe(description), { timeout: 10_000 });
  };

  it('take effect when their file changes, each change in the log', async () => {
    await watched.start();
    expect(changes()).toEqual([]);
    put(text('one'));
    await becomes('one');
    put(text('two'));
    await becomes('two');
    rmSync(join(own, 'builds.yaml'));
    await becomes(undefined);
    const digits = expect.stringMatching(/^[0-9a-f]{12}$/) as string;
    expect(changes()).toMatchObject([
      { key: 'sandbox.profiles', before: {}, after: { builds: digits } },
      { before: { builds: digits }, after: { builds: digits } },
      { before: { builds: digits }, after: {} },
    ]);
  });

  it('stay as they were when their file breaks, which is announced with the line', async () => {
    await watched.start();
    put(text('good'));
    await becomes('good');
    put('name: builds\ndescription: bad\nnetwork: everything\n');
    await vi.waitFor(() => expect(profiles.problems()).toHaveLength(1), { timeout: 10_000 });
    expect(profiles.get('builds')?.description).toBe('good');
    expect(changes().at(-1)).toMatchObject({ after: { builds: 'broken' }, problems: [{ file: join(own, 'builds.yaml'), line: 3 }] });
    expect(profileCapabilities(profiles.problems())).toMatchObject([
      { status: 'fail', evidence: expect.stringContaining(`${join(own, 'builds.yaml')}:3: `) as string },
    ]);
    put(text('mended'));
    await becomes('mended');
    expect(profileCapabilities(profiles.problems())).toEqual([]);
  });

  it('are in the log also when they changed while the gateway did not run, and once', async () => {
    await watched.start();
    put(text('one'));
    await becomes('one');
    await watched.stop();
    make();
    await watched.start();
    await watched.stop();
    expect(changes()).toHaveLength(1);
    put(text('two'));
    make();
    await watched.start();
    expect(profiles.get('builds')?.description).toBe('two');
    expect(changes()).toHaveLength(2);
  });

  it('do not take effect when that cannot be recorded', async () => {
    await watched.start();
    put(text('one'));
    await becomes('one');
    store.fail('no space is left');
    put(text('two'));
    await vi.waitFor(() => expect(errors).not.toEqual([]), { timeout: 10_000 });
    expect(profiles.get('builds')?.description).toBe('one');
  });
});
