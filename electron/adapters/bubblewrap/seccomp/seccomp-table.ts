import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

const word = z.int().min(0).max(0xffff_ffff);
const names = z.array(z.string()).min(1).max(32);

const Condition = z
  .strictObject({
    argument: z.int().min(0).max(5).describe('Which argument of the call; its low 32 bits count.'),
    mask: z.string().optional().describe('Bits that are looked at.'),
    in: names.optional(),
    not_in: names.optional(),
    any_of: names.optional().describe('At least one of these bits.'),
  })
  .refine(
    (condition) => [condition.in, condition.not_in, condition.any_of].filter((test) => test !== undefined).length === 1,
    'one of in, not_in and any_of',
  );

const Rule = z.strictObject({
  calls: names,
  when: z.array(Condition).min(1).max(4).optional().describe('All must hold; without it, the call is always refused.'),
  answer: z.string().describe('The error that the caller sees.'),
  unless: z.literal('local_sockets').optional(),
  why: z.string().min(1),
});

/** The shape of resources/sandbox/seccomp.yaml, which says what its parts mean. */
const SeccompTableFile = z.strictObject({
  version: z.literal(1),
  newest_call: word.describe('Calls with a higher number do not exist for commands.'),
  rules: z.array(Rule).min(1),
  calls: z.record(z.string(), z.tuple([word.nullable(), word.nullable()])),
  constants: z.record(z.string(), word),
  errors: z.record(z.string(), z.int().min(1).max(4095)),
});

export type SeccompTable = z.infer<typeof SeccompTableFile>;
export type SeccompRule = z.infer<typeof Rule>;
export type SeccompCondition = z.infer<typeof Condition>;

/** The number behind a name. SECURITY: a name that is not there throws, so that a typing error refuses commands and never drops a rule. */
export const valueOf = <T>(names: Readonly<Record<string, T>>, name: string): T => {
  const value = Object.hasOwn(names, name) ? names[name] : undefined;
  if (value === undefined) throw new Error(`the table of system calls does not say what ${name} is`);
  return value;
};

/** Errors: throws on anything that is not such a table. */
export const parseSeccompTable = (text: string): SeccompTable => SeccompTableFile.parse(parse(text, { maxAliasCount: 0 }));

/** @param path of seccomp.yaml. Errors: throws when it cannot be read or is no such table. */
export const readSeccompTable = async (path: string): Promise<SeccompTable> => parseSeccompTable(await readFile(path, 'utf8'));
