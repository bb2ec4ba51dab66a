import type { ArgumentConstraint } from '../../../shared/domain/policy-conditions.ts';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import type { PathInDocument } from '../yaml/yaml-document.ts';
import { compilePattern, type Matcher } from './pattern.ts';

/** What a constraint makes of a value. `unfit`: of a kind that it cannot judge (a list in a list, an object, a text where a number belongs). */
type Finding = 'holds' | 'fails' | 'unfit';
type Check = (value: JsonValue) => Finding;

/**
 * Compiles `arguments:`.
 * SECURITY: a rule that allows needs every constraint to hold, of every value in a list. For one that asks or denies, a value that cannot be judged
 * counts as the one it looks for, so that a call does not get past it by the shape of its arguments.
 */
export function compileArguments(
  constraints: Readonly<Record<string, ArgumentConstraint>>,
  isAllow: boolean,
  home: string,
  refuse: (path: PathInDocument, message: string) => void,
): (args: JsonObject) => boolean {
  const tests = Object.entries(constraints).map(([path, constraint]) => {
    const keys = path.split('.');
    const check = compileConstraint(constraint, isAllow, home, (message) => refuse([path, 'pattern'], message));
    const { present } = constraint;
    return (args: JsonObject) => {
      const value = valueAt(args, keys);
      if (value === undefined) return present === false;
      return present !== false && check(value);
    };
  });
  return (args) => tests.every((test) => test(args));
}

/** SECURITY: own properties only, so that `__proto__` and `constructor` lead nowhere. */
function valueAt(args: JsonObject, keys: readonly string[]): JsonValue | undefined {
  let value: JsonValue = args;
  for (const key of keys) {
    if (value === null || typeof value !== 'object') return undefined;
    if (Array.isArray(value) && !/^(0|[1-9][0-9]{0,5})$/.test(key)) return undefined;
    const next: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
    if (next === undefined) return undefined;
    value = next as JsonValue;
  }
  return value;
}

function compileConstraint(
  constraint: ArgumentConstraint,
  isAllow: boolean,
  home: string,
  refuse: (message: string) => void,
): (value: JsonValue) => boolean {
  const checks = checksOf(constraint, home, refuse);
  const { max_length } = constraint;
  const isShort = (value: JsonValue) => max_length === undefined || count(value, max_length, isAllow);
  return (value) => {
    if (!isShort(value)) return false;
    if (checks.length === 0) return true;
    const values = Array.isArray(value) ? value : [value];
    if (isAllow) return values.length > 0 && values.every((one) => checks.every((check) => check(one) === 'holds'));
    return values.some((one) => checks.every((check) => check(one) !== 'fails'));
  };
}

function count(value: JsonValue, most: number, isAllow: boolean): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length <= most;
  return !isAllow;
}

function checksOf({ one_of, pattern, min, max }: ArgumentConstraint, home: string, refuse: (message: string) => void): Check[] {
  const isOne = one_of === undefined ? null : new Set<JsonValue>(one_of);
  const matches = pattern === undefined ? null : compiled(pattern, home, refuse);
  return [
    ...(isOne === null ? [] : [(value: JsonValue): Finding => (isScalar(value) ? found(isOne.has(value)) : 'unfit')]),
    ...(matches === null ? [] : [(value: JsonValue): Finding => (typeof value === 'string' ? found(matches(value)) : 'unfit')]),
    ...(min === undefined ? [] : [(value: JsonValue): Finding => (isNumber(value) ? found(value >= min) : 'unfit')]),
    ...(max === undefined ? [] : [(value: JsonValue): Finding => (isNumber(value) ? found(value <= max) : 'unfit')]),
  ];
}

function compiled(pattern: string, home: string, refuse: (message: string) => void): Matcher {
  const result = compilePattern(pattern, 'text', home);
  if (result.ok) return result.matches;
  refuse(result.message);
  return () => false;
}

const found = (isSo: boolean): Finding => (isSo ? 'holds' : 'fails');
const isScalar = (value: JsonValue) => value === null || typeof value !== 'object';
const isNumber = (value: JsonValue): value is number => typeof value === 'number' && Number.isFinite(value);
