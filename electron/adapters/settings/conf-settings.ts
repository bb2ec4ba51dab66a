import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Conf from 'conf';
import { Settings } from '../../../shared/domain/settings.ts';
import { AppError } from '../../../shared/errors.ts';
import { changeSetting, settingProblems } from '../../core/settings/change-setting.ts';
import { valueAt, withValue } from '../../core/settings/setting-keys.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import type { SettingsFile } from '../../core/ports/settings-file.ts';

/** What is needed of conf, and of electron-store, which is a conf. */
export interface ConfStore {
  readonly path: string;
  store: Record<string, unknown>;
}

/** How the store must be opened, whichever package opens it. */
export interface ConfStoreOptions {
  readonly directory: string;
  /** The file's name without `.json`. */
  readonly name: string;
  readonly fileMode: number;
  readonly deserialize: (text: string) => Record<string, unknown>;
}

export interface ConfSettingsOptions {
  readonly dataDir: string;
  /** The desktop passes electron-store here; without it, conf. */
  readonly openStore?: (options: ConfStoreOptions) => ConfStore;
  /** Told of a file whose mode was looser than 0600 and has been tightened. */
  readonly onRepaired?: (file: string, mode: number) => void;
}

export interface ConfSettings extends SettingsFile {
  /** Reads the file. Errors: `invalid_input` naming the line or the dotted key; `unavailable` when the file is not a plain file of ours. */
  start(): void;
}

const fileName = 'settings';
const ownerOnly = 0o600;

/**
 * `settings.json` (0600) through conf. What was read at start is in force until `set` changes it: a file that another program edits
 * meanwhile takes no effect, and makes `set` refuse (THREATS rule 21). Only keys that were set are written; the rest are defaults.
 */
export function createConfSettings(options: ConfSettingsOptions): ConfSettings {
  const openStore = options.openStore ?? openConf;
  let opened: { readonly store: ConfStore; raw: Record<string, unknown>; settings: Settings } | null = null;
  const inForce = (): NonNullable<typeof opened> => {
    if (opened === null) throw new AppError('unavailable', 'The settings have not been read yet.');
    return opened;
  };

  return {
    start() {
      const file = join(options.dataDir, `${fileName}.json`);
      repairMode(file, options.onRepaired);
      const store = explain(file, () => openStore({ directory: options.dataDir, name: fileName, fileMode: ownerOnly, deserialize }));
      const raw = explain(file, () => store.store);
      const parsed = Settings.safeParse({ ...raw });
      if (!parsed.success)
        throw new AppError('invalid_input', `${file} is not valid. ${settingProblems(parsed.error)}. Mend the file or remove it.`);
      opened = { store, raw: { ...raw }, settings: parsed.data };
    },
    read: () => inForce().settings,
    names: (key) => valueAt(inForce().raw, key) !== undefined,
    set(key, value) {
      const state = inForce();
      const change = changeSetting(state.settings, key, value);
      if (
        !isDeepStrictEqual(
          explain(state.store.path, () => ({ ...state.store.store })),
          state.raw,
        )
      ) {
        throw new AppError(
          'conflict',
          `${state.store.path} was changed by another program since it was read. Restart to read it, or put it back.`,
        );
      }
      const raw = { ...withValue(state.raw, key, change.after) };
      state.store.store = raw;
      opened = { ...state, raw, settings: change.settings };
      return { before: change.before, after: change.after };
    },
  };
}

function openConf(options: ConfStoreOptions): ConfStore {
  return new Conf({ cwd: options.directory, configName: options.name, configFileMode: options.fileMode, deserialize: options.deserialize });
}

function deserialize(text: string): Record<string, unknown> {
  const value = parseStrictJson(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new AppError('invalid_input', 'The document must be one JSON object: write {} for the defaults.');
  }
  return value;
}

/** Puts the file's name before what the parser says. */
function explain<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof AppError ? cause.message : `It cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError(cause instanceof AppError ? cause.code : 'unavailable', `${file}: ${why}`, { cause });
  }
}

function repairMode(file: string, onRepaired: ConfSettingsOptions['onRepaired']): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  // SECURITY: a link or another user's file would let somebody else say what the settings are.
  if (!found.isFile() || found.uid !== process.getuid?.()) {
    throw new AppError('unavailable', `${file} is not a plain file of this user. Move it away; a new one is written.`);
  }
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return;
  chmodSync(file, ownerOnly);
  onRepaired?.(file, mode);
}
