import { isDeepStrictEqual } from 'node:util';
import type { AliasReport } from '../../../shared/domain/deciders.ts';
import { Settings } from '../../../shared/domain/settings.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AcceptedSettings } from './accepted-settings.ts';
import { settingProblems } from './change-setting.ts';
import { valueAt, withValue } from './setting-keys.ts';

/** What a variable of the source document asks for, as a setting of ours. */
interface Wish {
  readonly variable: string;
  readonly key: string;
  readonly value: unknown;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Settings with the source document's `SYSTEMMANAGER_*` variables under them. */
export interface AliasedSettings extends AcceptedSettings {
  /** Every variable that was found, and what became of it. Empty before `start`. */
  aliases(): readonly AliasReport[];
}

const prefix = 'SYSTEMMANAGER_';
const words: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

/** SECURITY: a slip of the pen is no value (F43): `flase` stops the start and is neither on nor off. */
function readBoolean(variable: string, text: string): boolean {
  const value = words.get(text.toLowerCase());
  if (value === undefined)
    throw new AppError(
      'invalid_input',
      `${variable} is ${JSON.stringify(text.slice(0, 40))}, which is neither true nor false. Correct or unset it.`,
    );
  return value;
}

function wishesOf(env: Env): readonly Wish[] {
  const enable = env['SYSTEMMANAGER_ENABLE_APPROVAL'];
  const webhook = env['SYSTEMMANAGER_APPROVAL_WEBHOOK'];
  const isEnabled = enable === undefined ? null : readBoolean('SYSTEMMANAGER_ENABLE_APPROVAL', enable);
  const [variable] = [
    ...(isEnabled === true ? ['SYSTEMMANAGER_ENABLE_APPROVAL'] : []),
    ...(webhook === undefined ? [] : ['SYSTEMMANAGER_APPROVAL_WEBHOOK']),
  ];
  return [
    ...(isEnabled === null ? [] : [{ variable: 'SYSTEMMANAGER_ENABLE_APPROVAL', key: 'approvals.enabled', value: isEnabled }]),
    ...(webhook === undefined ? [] : [{ variable: 'SYSTEMMANAGER_APPROVAL_WEBHOOK', key: 'deciders.webhook.url', value: webhook }]),
    // In the source document it is the webhook that approves, and without one everything that asks is denied (F42).
    ...(variable === undefined ? [] : [{ variable, key: 'approvals.mode', value: 'webhook' }]),
  ];
}

/** Variables that stand for no setting of ours, said rather than passed over. */
function withoutSetting(env: Env): AliasReport[] {
  const known = ['SYSTEMMANAGER_ENABLE_APPROVAL', 'SYSTEMMANAGER_APPROVAL_WEBHOOK'];
  return Object.keys(env)
    .filter((variable) => variable.startsWith(prefix) && !known.includes(variable))
    .sort()
    .slice(0, 50)
    .map((variable) => {
      const isAuth = variable === 'SYSTEMMANAGER_REQUIRE_AUTH';
      const required = isAuth && readBoolean(variable, env[variable] ?? '');
      const detail = isAuth
        ? required
          ? 'Agents always need a token; there is nothing to turn on.'
          : 'Agents always need a token; that cannot be turned off.'
        : 'Gatehouse has no setting for this variable.';
      return { variable: variable.slice(0, 100), key: null, effect: 'no_effect' as const, detail };
    });
}

/**
 * The variables count where settings.json is silent. What it names wins: it was set here, or accepted here, and a variable can come from anybody
 * who starts this process.
 */
export function createAliasedSettings(inner: AcceptedSettings, env: Env): AliasedSettings {
  let wishes: readonly Wish[] = [];
  let reports: readonly AliasReport[] = [];
  const defaults = Settings.parse({});

  const isNamed = (key: string): boolean => inner.names(key) || !isDeepStrictEqual(valueAt(inner.read(), key), valueAt(defaults, key));
  const inForce = (): Settings =>
    wishes
      .filter(({ key }) => !isNamed(key))
      .reduce<Settings>((settings, { key, value }) => withValue(settings, key, value) as unknown as Settings, inner.read());

  function report({ variable, key, value }: Wish): AliasReport {
    const given = valueAt(inner.read(), key);
    if (!isNamed(key)) return { variable, key, effect: 'applied', detail: `It sets ${key} to ${JSON.stringify(value)}.` };
    const agrees = isDeepStrictEqual(given, value);
    const detail = agrees ? `settings.json says the same for ${key}.` : `settings.json sets ${key} to ${JSON.stringify(given)}, and wins.`;
    return { variable, key, effect: 'overruled', detail };
  }

  return {
    ...inner,
    read: inForce,
    aliases: () => reports,
    async start() {
      await inner.start();
      const others = withoutSetting(env);
      wishes = wishesOf(env);
      const checked = Settings.safeParse(inForce());
      if (!checked.success) {
        const named = [...new Set(wishes.map(({ variable }) => variable))].join(', ');
        throw new AppError('invalid_input', `The variables ${named} do not fit the settings. ${settingProblems(checked.error)}.`);
      }
      reports = [...wishes.map(report), ...others];
    },
  };
}
