import type { Settings } from '../../../shared/domain/settings.ts';

/** The settings file of the data directory: one schema, two adapters (conf; electron-store on the desktop). */
export interface SettingsFile {
  /** Errors: `invalid_input` naming the key when the file does not hold to the schema. */
  read(): Settings;
  /** Whether the file itself names this dotted key, whatever value it gives it. */
  names(key: string): boolean;
  /** Sets one dotted key (`server.port`). Errors: `invalid_input`. Returns before and after. */
  set(key: string, value: unknown): { readonly before: unknown; readonly after: unknown };
}
