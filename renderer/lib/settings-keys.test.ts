import { expect, test } from 'vitest';
import { Settings } from '../../shared/domain/settings.ts';
import { readSetting, settingKeys, settingText } from './settings-keys.ts';

test('every setting of the schema is here, with a description', () => {
  const leaves = (section: object, prefix: string): string[] =>
    Object.entries(section).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) ? leaves(value, `${prefix}${name}.`) : [`${prefix}${name}`],
    );
  const keys = settingKeys();
  expect(keys.map((key) => key.key)).toEqual(leaves(Settings.parse({}), ''));
  expect(keys.map((key) => key.key)).toContain('deciders.webhook.url');
  expect(keys.filter((key) => key.description === '')).toEqual([]);
});

test('a value outside of its limits is not sent', () => {
  const timeout = settingKeys().find((key) => key.key === 'approvals.timeout_s');
  if (timeout === undefined) throw new Error('approvals.timeout_s is gone');
  expect(readSetting(timeout, '60')).toBe(60);
  for (const bad of ['4', '286', '1.5', '', 'x', 'Infinity']) expect(readSetting(timeout, bad)).toBeNull();
});

test('a choice is one of its words, and a switch is no text', () => {
  const mode = settingKeys().find((key) => key.key === 'safety.bash_sandbox');
  const acknowledged = settingKeys().find((key) => key.key === 'safety.bash_sandbox_off_acknowledged');
  if (mode === undefined || acknowledged === undefined) throw new Error('the settings of the sandbox are gone');
  expect(mode.choices).toEqual(['auto', 'always', 'off']);
  expect(readSetting(mode, 'always')).toBe('always');
  expect(readSetting(mode, 'never')).toBeNull();
  expect(readSetting(acknowledged, 'true')).toBe(true);
  expect(readSetting(acknowledged, 'false')).toBe(false);
  expect(settingText(true)).toBe('true');
});

test('lists are one a line', () => {
  const origins = settingKeys().find((key) => key.key === 'server.allowed_origins');
  if (origins === undefined) throw new Error('server.allowed_origins is gone');
  expect(readSetting(origins, ' https://a.test \n\nhttps://b.test')).toEqual(['https://a.test', 'https://b.test']);
  expect(settingText(['https://a.test', 'https://b.test'])).toBe('https://a.test\nhttps://b.test');
});
