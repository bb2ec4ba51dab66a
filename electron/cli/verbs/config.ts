import { AppError } from '../../../shared/errors.ts';
import { JsonValue } from '../../../shared/json.ts';
import { settingKeys, valueAt } from '../../core/settings/setting-keys.ts';
import { fields, shown } from '../output.ts';
import type { Verb } from '../verb.ts';

/** Settings. */
export const configVerbs: readonly Verb[] = [
  {
    name: 'config get',
    about: 'every setting, or one',
    words: ['[KEY]'],
    options: {},
    async run({ words, out, host }) {
      const { settings } = await host.invoke('config.get', {});
      const values = settingKeys().map((key) => [key, JsonValue.parse(valueAt(settings, key))] as const);
      const [key] = words;
      if (key === null || key === undefined) {
        out.document({ settings }, () => fields(values.map(([name, value]) => [name, JSON.stringify(value)])));
        return 0;
      }
      const found = values.find(([name]) => name === key);
      if (found === undefined)
        throw new AppError('invalid_input', `There is no setting "${key}". The settings are: ${settingKeys().join(', ')}.`);
      out.document({ key, value: found[1] }, () => shown(JSON.stringify(found[1])));
      return 0;
    },
  },
  {
    name: 'config set',
    about: 'change one setting; the log keeps what it was',
    words: ['KEY', 'VALUE'],
    options: {},
    async run({ words, out, host }) {
      const [key, value] = words;
      const answer = await host.invoke('config.set', { key: key ?? '', value: parseValue(value ?? '') });
      out.document(answer, () => {
        const restart = answer.restart ? ' It takes effect at the next start.' : '';
        return shown(`${answer.key}: ${JSON.stringify(answer.before)} → ${JSON.stringify(answer.after)}.${restart}`);
      });
      return 0;
    },
  },
];

/** JSON where it is JSON, else the text itself: `60`, `["https://a.example"]`, `warn`. */
function parseValue(text: string): JsonValue {
  try {
    return JsonValue.parse(JSON.parse(text));
  } catch {
    return text;
  }
}
