import { Settings } from '../../../shared/domain/settings.ts';

type Section = Readonly<Record<string, unknown>>;

const isSection = (value: unknown): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value);

function leaves(section: Section, prefix: string): readonly string[] {
  return Object.entries(section).flatMap(([name, value]) => (isSection(value) ? leaves(value, `${prefix}${name}.`) : [`${prefix}${name}`]));
}

/** Every key as the command line and the log name it: `server.port`, `deciders.webhook.url`. */
export function settingKeys(): readonly string[] {
  return leaves(Settings.parse({}), '');
}

/** What stands at a dotted key; undefined when nothing does. */
export function valueAt(settings: Section, key: string): unknown {
  return key.split('.').reduce<unknown>((at, name) => (isSection(at) && Object.hasOwn(at, name) ? at[name] : undefined), settings);
}

/** A copy with another value at one of `settingKeys`. */
export function withValue(settings: Section, key: string, value: unknown): Section {
  const [name = '', ...rest] = key.split('.');
  const inner = settings[name];
  return { ...settings, [name]: rest.length === 0 ? value : withValue(isSection(inner) ? inner : {}, rest.join('.'), value) };
}
