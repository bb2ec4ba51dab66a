import { z } from 'zod';
import type { JsonValue } from '../../shared/json.ts';
import { Settings } from '../../shared/domain/settings.ts';

/** One setting as the page and the audit log name it: `server.port`. */
export interface SettingKey {
  readonly key: string;
  readonly section: string;
  readonly title: string;
  readonly description: string;
  readonly kind: 'number' | 'list' | 'choice' | 'text';
  /** Of a choice, as text; empty for the other kinds. */
  readonly choices: readonly string[];
  readonly least: number | null;
  readonly most: number | null;
  readonly fallback: JsonValue;
}

const Leaf = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  enum: z.array(z.string()).optional(),
  default: z.json().optional(),
});
const Node = Leaf.extend({
  get properties() {
    return z.record(z.string(), Node).optional();
  },
});
type Node = z.infer<typeof Node>;

const units: Readonly<Record<string, string>> = { s: 'seconds', bytes: 'bytes' };

/** `bash_timeout_s` → `Bash timeout, seconds`. */
function titleOf(name: string): string {
  const words = name.split('_');
  const unit = units[words.at(-1) ?? ''];
  const text = (unit === undefined ? words : words.slice(0, -1)).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1) + (unit === undefined ? '' : `, ${unit}`);
}

function kindOf(type: string | undefined): SettingKey['kind'] {
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'array' ? 'list' : 'text';
}

function keyOf(key: string, name: string, leaf: Node): SettingKey {
  const choices = leaf.type === 'boolean' ? ['false', 'true'] : (leaf.enum ?? []);
  return {
    key,
    section: key.slice(0, key.lastIndexOf('.')),
    title: titleOf(name),
    description: leaf.description ?? '',
    kind: choices.length > 0 ? 'choice' : kindOf(leaf.type),
    choices,
    least: leaf.minimum ?? null,
    most: leaf.maximum ?? null,
    fallback: leaf.default ?? null,
  };
}

function keysBelow(node: Node, prefix: string): SettingKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) =>
    inner.properties === undefined ? [keyOf(`${prefix}${name}`, name, inner)] : keysBelow(inner, `${prefix}${name}.`),
  );
}

/** Every setting with its description and limits, read from the one schema, so that none can be missing here. */
export function settingKeys(): SettingKey[] {
  return keysBelow(Node.parse(z.toJSONSchema(Settings, { io: 'input' })), '');
}

/** What stands at a dotted key. */
export function settingAt(settings: Settings, key: string): JsonValue | undefined {
  return key
    .split('.')
    .reduce<JsonValue | undefined>(
      (at, name) => (typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, name) ? at[name] : undefined),
      settings,
    );
}

/** The text of a form as the value to store; null when it cannot be one. */
export function readSetting(setting: SettingKey, text: string): JsonValue | null {
  if (setting.kind === 'list') {
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
  if (setting.kind === 'choice') {
    if (!setting.choices.includes(text)) return null;
    return typeof setting.fallback === 'boolean' ? text === 'true' : text;
  }
  if (setting.kind === 'text') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) return null;
  return (setting.least !== null && value < setting.least) || (setting.most !== null && value > setting.most) ? null : value;
}

export function settingText(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return value.map(String).join('\n');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
