import { UsageError } from './usage-error.ts';

/** A verb's options as they were given. */
export interface Options {
  text(name: string): string | undefined;
  required(name: string): string;
  list(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number in a range. Errors: UsageError. */
  number(name: string, range: { readonly min: number; readonly max: number }): number | undefined;
}

type Value = string | boolean | readonly (string | boolean)[] | undefined;

export function createOptions(values: Readonly<Record<string, Value>>): Options {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    text,
    required(name) {
      const value = text(name);
      if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`);
      return value;
    },
    list(name) {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
    },
    flag: (name) => values[name] === true,
    number(name, { min, max }) {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= min && number <= max)) throw new UsageError(`--${name} takes a whole number from ${min} to ${max}.`);
      return number;
    },
  };
}
