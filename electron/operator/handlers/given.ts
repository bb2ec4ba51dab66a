import { AppError } from '../../../shared/errors.ts';

/** The same object without the keys that were not given, for ports whose optional keys may be absent but not undefined. */
export function given<T extends object>(
  values: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as ReturnType<typeof given<T>>;
}

/** An instant or a day as the log writes it. Errors: `invalid_input` naming the field. */
export function instant(field: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  // SECURITY: a time that is not one must not quietly become "no limit".
  if (!Number.isFinite(time))
    throw new AppError('invalid_input', `${field}: use an ISO 8601 instant such as 2026-11-23T15:04:05Z, or a day (UTC).`);
  return new Date(time).toISOString();
}
