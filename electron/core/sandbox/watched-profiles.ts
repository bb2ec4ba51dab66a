import type { ChangeBus } from '../change-bus.ts';
import type { Store } from '../ports/store.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { createSerial } from '../changes/serial.ts';
import type { SandboxProfiles } from './sandbox-profiles.ts';

/** What the log calls the profiles, as a setting that changed. */
const key = 'sandbox.profiles';

export interface WatchedProfilesDeps {
  readonly profiles: SandboxProfiles;
  /** Watches the operator's folder. */
  readonly watch: (onChange: () => void) => Promise<() => void>;
  readonly store: Pick<Store, 'auditEvents'>;
  /** Puts a `config.changed` event in the log, durably. */
  readonly record: (data: JsonObject) => Promise<void>;
  readonly bus: ChangeBus;
  readonly onError: (error: unknown) => void;
}

/** The profiles, read again whenever a file of the operator's changes. */
export interface WatchedProfiles {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * SECURITY: what a sandbox lets through is a setting like others: each change is in the log before the first command that it applies to, also one
 * that was made while the gateway did not run. A file that is broken changes nothing.
 */
export function createWatchedProfiles({ profiles, watch, store, record, bus, onError }: WatchedProfilesDeps): WatchedProfiles {
  const serial = createSerial();
  let recorded = '{}';
  let unwatch: (() => void) | null = null;

  const settle = async (): Promise<void> => {
    const found = await profiles.read();
    const { versions } = found;
    const problems = found.problems.map(({ file, line, message }) => ({ file, line, message }));
    const state = JSON.stringify({ versions, problems });
    if (state !== recorded) {
      const before = JSON.parse(recorded) as JsonObject;
      await record({ key, before: before['versions'] ?? {}, after: versions, problems });
      recorded = state;
    }
    found.apply();
    bus.changed('config');
    bus.changed('status');
  };

  return {
    async start() {
      const [last] = await store.auditEvents({ types: ['config.changed'], text: `"key":"${key}"`, limit: 1 });
      const { after = {}, problems = [] } = last?.data ?? {};
      recorded = JSON.stringify({ versions: after, problems });
      await serial(settle);
      unwatch = await watch(() => {
        // What cannot be recorded is not in force either.
        serial(settle).catch(onError);
      });
      // Between the first look and the watch something may have changed.
      await serial(settle);
    },
    async stop() {
      unwatch?.();
      unwatch = null;
      await serial(() => Promise.resolve());
    },
  };
}
