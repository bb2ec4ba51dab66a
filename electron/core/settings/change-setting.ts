import { AppError } from '../../../shared/errors.ts';
import { Settings } from '../../../shared/domain/settings.ts';
import type { z } from 'zod';
import { settingKeys, valueAt, withValue } from './setting-keys.ts';

/** A change that holds to the schema and has not been made yet. */
export interface SettingChange {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
  /** All settings as they will be. */
  readonly settings: Settings;
}

/** What is wrong with settings, each with its dotted key. */
export function settingProblems(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.join('.');
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => `${path === '' ? key : `${path}.${key}`}: unknown key`).join('; ');
      return `${path === '' ? 'settings' : path}: ${issue.message}`;
    })
    .join('; ');
}

/** What setting one key would change. Errors: `invalid_input` naming the key. */
export function changeSetting(current: Settings, key: string, value: unknown): SettingChange {
  if (!settingKeys().includes(key)) {
    throw new AppError(
      'invalid_input',
      `There is no setting ${JSON.stringify(key.slice(0, 80))}. The settings are: ${settingKeys().join(', ')}.`,
    );
  }
  const parsed = Settings.safeParse(withValue(current, key, value));
  if (!parsed.success) throw new AppError('invalid_input', `The setting was not changed. ${settingProblems(parsed.error)}.`);
  return { key, before: valueAt(current, key), after: valueAt(parsed.data, key), settings: parsed.data };
}
