import { isDeepStrictEqual } from 'node:util';
import { Settings } from '../../../shared/domain/settings.ts';
import { AppError } from '../../../shared/errors.ts';
import { JsonObject } from '../../../shared/json.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { SettingsFile } from '../ports/settings-file.ts';
import type { Store } from '../ports/store.ts';

/**
 * Settings as they are in force. Those that another program changed on disk while nothing ran are held, on a desktop, until the operator
 * accepts them in the window; a headless host applies and records them (THREATS rule 21). What was accepted last is kept in the audit log.
 */
export interface AcceptedSettings extends SettingsFile {
  /** Compares what was read from disk with what was accepted last. At the very first start that is what is on disk. */
  start(): Promise<void>;
  /** What is on disk and not in force, or null. */
  held(): Settings | null;
  /** Puts what is held in force. Errors: `conflict` when nothing is held. */
  accept(): Promise<void>;
  /** Records that what is in force now was set by the operator here. */
  recordOwn(): Promise<void>;
}

export interface AcceptedSettingsDeps {
  readonly file: SettingsFile;
  readonly store: Pick<Store, 'auditEvents' | 'commit'>;
  readonly bus: ChangeBus;
  /** True on a desktop. */
  readonly isHolding: boolean;
}

export function createAcceptedSettings({ file, store, bus, isHolding }: AcceptedSettingsDeps): AcceptedSettings {
  /** What is in force instead of what is on disk. */
  let instead: Settings | null = null;

  async function record(type: 'config.accepted' | 'config.held', settings: Settings, actor: 'operator' | 'gateway'): Promise<void> {
    const data = { settings: JsonObject.parse(settings) };
    await store.commit({ events: [{ type, actor, agent: null, token_id: null, task_id: null, call_id: null, data }], changes: [] });
  }

  return {
    read: () => instead ?? file.read(),
    names: (key) => file.names(key),

    set(key, value) {
      if (instead !== null)
        throw new AppError('conflict', 'settings.json was changed by another program. Accept or undo that change first.');
      return file.set(key, value);
    },

    async start() {
      const onDisk = file.read();
      const [last] = await store.auditEvents({ types: ['config.accepted'], limit: 1 });
      const accepted = Settings.safeParse(last?.data['settings']);
      if (accepted.success && isDeepStrictEqual(accepted.data, onDisk)) return;
      if (accepted.success && isHolding) {
        instead = accepted.data;
        await record('config.held', onDisk, 'gateway');
        return;
      }
      await record('config.accepted', onDisk, 'gateway');
    },

    held: () => (instead === null ? null : file.read()),

    async accept() {
      if (instead === null) throw new AppError('conflict', 'No change of the settings waits to be accepted.');
      await record('config.accepted', file.read(), 'operator');
      instead = null;
      bus.changed('config');
    },

    recordOwn: async () => {
      await record('config.accepted', file.read(), 'operator');
    },
  };
}
