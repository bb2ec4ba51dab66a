import type { JsonObject } from '../../../shared/json.ts';
import { JsonValue } from '../../../shared/json.ts';
import type { ChangeBus } from '../../core/change-bus.ts';
import type { Store } from '../../core/ports/store.ts';
import type { AcceptedSettings } from '../../core/settings/accepted-settings.ts';
import { changeSetting } from '../../core/settings/change-setting.ts';
import type { Caller } from '../caller.ts';
import type { HandlersOf } from '../handler.ts';
import { operatorEvent, recordEvent } from './operator-event.ts';

export interface ConfigHandlerDeps {
  readonly settings: Pick<AcceptedSettings, 'read' | 'set' | 'held' | 'accept' | 'recordOwn'>;
  readonly store: Pick<Store, 'commit'>;
  readonly bus: ChangeBus;
  /** Whether a changed key takes effect only at the next start. */
  readonly needsRestart: (key: string) => boolean;
}

/** Settings. Every change is in the log, before and after, before it is made. */
export function createConfigHandlers(deps: ConfigHandlerDeps): HandlersOf<'config.get' | 'config.set' | 'config.accept'> {
  const record = async (data: JsonObject, caller: Caller): Promise<void> => {
    await recordEvent(deps.store, operatorEvent('config.changed', { ...data, channel: caller.channel }));
  };
  return {
    'config.get': async () => ({ settings: deps.settings.read(), held: deps.settings.held() }),
    'config.set': async ({ key, value }, caller) => {
      const change = changeSetting(deps.settings.read(), key, value);
      const before = JsonValue.parse(change.before);
      const after = JsonValue.parse(change.after);
      // SECURITY: what cannot be recorded does not happen: the commit rejects, and the setting stays as it is.
      await record({ key, before, after }, caller);
      try {
        deps.settings.set(key, value);
      } catch (error) {
        await record({ key, before: after, after: before, reason: 'the file could not be written' }, caller);
        throw error;
      }
      await deps.settings.recordOwn();
      deps.bus.changed('config');
      return { key, before, after, restart: deps.needsRestart(key) };
    },
    'config.accept': async () => {
      await deps.settings.accept();
      return { settings: deps.settings.read() };
    },
  };
}
