import { z } from 'zod';

/** `"*"`-globs; a leading `regex:` hands the rest to RE2, which runs in linear time. */
export const Pattern = z.string().min(1).max(1000);

export const patterns = z.array(Pattern).min(1).max(200);

const ArgumentScalar = z.union([z.string().max(1000), z.number(), z.boolean(), z.null()]);

/** What one argument must be; all keys hold at once. Of a list of values each one is looked at, but for `max_length`, which counts them. */
export const ArgumentConstraint = z
  .strictObject({
    one_of: z.array(ArgumentScalar).min(1).max(200).optional().describe('Exactly one of these, of the same type.'),
    pattern: Pattern.optional().describe('A string that matches.'),
    min: z.number().optional().describe('A number, at least this.'),
    max: z.number().optional().describe('A number, at most this.'),
    max_length: z.number().int().min(0).max(10_000_000).optional().describe('Characters of a string, or values of a list, at most.'),
    present: z.boolean().optional().describe('`true`: it is given, whatever it is. `false`: it is not given.'),
  })
  .refine((constraint) => Object.keys(constraint).length > 0, 'name at least one of one_of, pattern, min, max, max_length and present')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min is greater than max, so nothing could fit')
  .refine(
    ({ present, ...others }) => present !== false || Object.keys(others).length === 0,
    'what is not given has no value: `present: false` stands alone',
  );
export type ArgumentConstraint = z.infer<typeof ArgumentConstraint>;

/** Into the arguments, by dots: `container.name`, `hosts.0`. */
export const ArgumentPath = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,9}$/, 'use names of letters, digits, _ and -, joined by dots');

export const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
export type Weekday = z.infer<typeof Weekday>;

const clock = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;

/** A stretch of the day by the wall clock of its zone; one that ends before it begins goes over midnight and belongs to the day it begins on. */
export const TimeSpan = z
  .strictObject({
    days: z.array(Weekday).min(1).max(7).optional().describe('Missing: every day.'),
    from: z.string().regex(clock, 'use HH:MM, 00:00 to 23:59').describe('Included.'),
    to: z
      .string()
      .regex(/^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'use HH:MM, 00:00 to 24:00')
      .describe('Not included.'),
    zone: z.string().min(1).max(64).optional().describe('An IANA zone such as Europe/Berlin; missing: the one of this machine.'),
  })
  .refine(({ from, to }) => from !== to, 'from and to are the same, so nothing lies between them; a whole day is 00:00 to 24:00');
export type TimeSpan = z.infer<typeof TimeSpan>;

/** What a task carries from what it has read or seen. */
export const PolicyLabel = z
  .string()
  .regex(/^[a-z][a-z0-9:_-]{0,63}$/, 'use lower-case letters, digits, -, _ and :')
  .describe('`private`: it has read private data. `untrusted`: it has seen untrusted content.');

export const MetadataKey = z.string().min(1).max(100);
