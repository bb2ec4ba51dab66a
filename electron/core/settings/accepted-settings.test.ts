import { beforeEach, describe, expect, it } from 'vitest';
import { Settings } from '../../../shared/domain/settings.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { createChangeBus } from '../change-bus.ts';
import type { SettingsFile } from '../ports/settings-file.ts';
import type { Store } from '../ports/store.ts';
import { createAcceptedSettings, type AcceptedSettings } from './accepted-settings.ts';

const loosened = Settings.parse({ server: { allowed_origins: ['https://evil.test'] } });

let disk: Settings;
let store: Store;

const file: SettingsFile = {
  read: () => disk,
  names: () => false,
  set: (_key, value) => {
    disk = Settings.parse({ approvals: { timeout_s: value } });
    return { before: null, after: value };
  },
};

async function started(isHolding = true): Promise<AcceptedSettings> {
  const settings = createAcceptedSettings({ file, store, bus: createChangeBus(), isHolding });
  await settings.start();
  return settings;
}

beforeEach(async () => {
  disk = Settings.parse({});
  store = createFakeStore({ clock: createFakeClock() });
  await store.start();
});

describe('settings that another program changed while nothing ran (THREATS rule 21)', () => {
  it('are held on a desktop, over restarts, until the operator accepts them', async () => {
    await started();
    disk = loosened;
    expect((await started()).read().server.allowed_origins).toEqual([]);
    const settings = await started();
    expect(settings.read().server.allowed_origins).toEqual([]);
    expect(settings.held()).toEqual(loosened);
    expect(() => settings.set('approvals.timeout_s', 60)).toThrow(/another program/);
    await settings.accept();
    expect(settings.read()).toEqual(loosened);
    expect(settings.held()).toBeNull();
    expect((await started()).held()).toBeNull();
    await expect(settings.accept()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('are applied and recorded without a window', async () => {
    await started(false);
    disk = loosened;
    expect((await started(false)).read()).toEqual(loosened);
    const events = await store.auditEvents({ after_seq: 0, limit: 10 });
    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['config.accepted', 'gateway'],
      ['config.accepted', 'gateway'],
    ]);
  });

  it('put back are as if nothing had been', async () => {
    await started();
    disk = loosened;
    await started();
    disk = Settings.parse({});
    expect((await started()).held()).toBeNull();
  });

  it('that the operator set here are not held at the next start', async () => {
    const settings = await started();
    settings.set('approvals.timeout_s', 60);
    await settings.recordOwn();
    expect((await started()).held()).toBeNull();
  });
});
