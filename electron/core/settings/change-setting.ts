import { AppError } from '../../../shared/errors.ts';
import { Settings } from '../../../shared/domain/settings.ts';
import type { z } from 'zod';

/** A change that holds to the schema and has not been made yet. */
export interface SettingChange {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
  /** All settings as they will be. */
  readonly settings: Settings;
}

type Section = Readonly<Record<string, unknown>>;

/** Every key as the command line and the log name it: `server.port`. */
export function settingKeys(): readonly string[] {
  return Object.entries(Settings.parse({})).flatMap(([section, values]) => Object.keys(values).map((name) => `${section}.${name}`));
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
  const [section = '', name = ''] = key.split('.');
  const sections = current as unknown as Readonly<Record<string, Section>>;
  const parsed = Settings.safeParse({ ...sections, [section]: { ...sections[section], [name]: value } });
  if (!parsed.success) throw new AppError('invalid_input', `The setting was not changed. ${settingProblems(parsed.error)}.`);
  const after = (parsed.data as unknown as Readonly<Record<string, Section>>)[section];
  return { key, before: sections[section]?.[name], after: after?.[name], settings: parsed.data };
}
