import { beforeEach, expect, it } from 'vitest';
import { Settings } from '../../../shared/domain/settings.ts';
import type { AcceptedSettings } from './accepted-settings.ts';
import { createAliasedSettings, type AliasedSettings } from './aliases.ts';
import { valueAt } from './setting-keys.ts';

let raw: object;
beforeEach(() => {
  raw = {};
});

async function started(env: Record<string, string>): Promise<AliasedSettings> {
  const inner = {
    read: () => Settings.parse(raw),
    names: (key: string) => valueAt(raw as Record<string, unknown>, key) !== undefined,
    start: () => Promise.resolve(),
  } as unknown as AcceptedSettings;
  const settings = createAliasedSettings(inner, env);
  await settings.start();
  return settings;
}

it('F42: the document’s variables are our settings where settings.json is silent', async () => {
  const url = 'https://your-approval-service.ts.net/approve';
  const settings = await started({ SYSTEMMANAGER_ENABLE_APPROVAL: 'true', SYSTEMMANAGER_APPROVAL_WEBHOOK: url });
  expect(settings.read()).toMatchObject({ approvals: { enabled: true, mode: 'webhook' }, deciders: { webhook: { url } } });
  expect(settings.aliases().map(({ effect }) => effect)).toEqual(['applied', 'applied', 'applied']);
});

it.each(['SYSTEMMANAGER_ENABLE_APPROVAL', 'SYSTEMMANAGER_REQUIRE_AUTH'])(
  'F43: a slip in %s stops the start and is named',
  async (variable) => {
    for (const text of ['flase', '', 'disabled', 'tru e'])
      await expect(started({ [variable]: text })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining(variable) as string,
      });
  },
);

it('F43: off needs the acknowledgement that only settings.json can hold', async () => {
  await expect(started({ SYSTEMMANAGER_ENABLE_APPROVAL: 'false' })).rejects.toThrow(/SYSTEMMANAGER_ENABLE_APPROVAL.*disabled_acknowledged/);
  raw = { approvals: { disabled_acknowledged: true } };
  expect((await started({ SYSTEMMANAGER_ENABLE_APPROVAL: 'false' })).read().approvals.enabled).toBe(false);
});

it('settings.json wins, and that is told', async () => {
  raw = { approvals: { mode: 'both-required' }, deciders: { webhook: { url: 'https://ours.test/' } } };
  const settings = await started({ SYSTEMMANAGER_ENABLE_APPROVAL: 'yes', SYSTEMMANAGER_APPROVAL_WEBHOOK: 'https://theirs.test/' });
  expect(settings.read()).toMatchObject({ approvals: { mode: 'both-required' }, deciders: { webhook: { url: 'https://ours.test/' } } });
  expect(
    settings
      .aliases()
      .filter(({ effect }) => effect === 'overruled')
      .map(({ key }) => key),
  ).toEqual(['deciders.webhook.url', 'approvals.mode']);
});

it('a variable without a setting is said, and never its value', async () => {
  const settings = await started({ SYSTEMMANAGER_REQUIRE_AUTH: 'false', SYSTEMMANAGER_SHARED_SECRET: 'hidden', OTHER: 'x' });
  expect(settings.aliases().map(({ variable, effect }) => [variable, effect])).toEqual([
    ['SYSTEMMANAGER_REQUIRE_AUTH', 'no_effect'],
    ['SYSTEMMANAGER_SHARED_SECRET', 'no_effect'],
  ]);
  expect(JSON.stringify(settings.aliases())).not.toContain('hidden');
});
