import { answer, answers, encode, jump, load, mask, offsets, type Instruction } from './bpf.ts';
import { valueOf, type SeccompCondition, type SeccompRule, type SeccompTable } from './seccomp-table.ts';

/** linux/audit.h: AUDIT_ARCH_*, and which column of the table holds its numbers. */
const architectures = { x86_64: { audit: 0xc000_003e, column: 0 }, aarch64: { audit: 0xc000_00b7, column: 1 } } as const;

export type SeccompArchitecture = keyof typeof architectures;

/** asm/unistd.h: calls of the x32 interface have this bit; they are other doors to the same functions. */
const x32Bit = 0x4000_0000;

/** The table's name for what Node calls `process.arch`; null where no filter can be made. */
export const seccompArchitecture = (arch: string): SeccompArchitecture | null => {
  if (arch === 'x64') return 'x86_64';
  return arch === 'arm64' ? 'aarch64' : null;
};

/** The number of a call; null where the architecture has none. Errors: throws when the table does not name it. */
export const numberOfCall = (table: SeccompTable, arch: SeccompArchitecture, call: string): number | null =>
  valueOf(table.calls, call)[architectures[arch].column];

export interface SeccompOptions {
  readonly table: SeccompTable;
  readonly arch: SeccompArchitecture;
  /** Whether commands may open Unix sockets. */
  readonly localSockets: boolean;
}

/**
 * The filter for `bwrap --seccomp`: struct sock_filter[] as bytes. Calls with conditions come first: the kernel remembers which calls are
 * always allowed and does not run the filter for them, and of the others open and openat are the most frequent.
 */
export const seccompProgram = ({ table, arch, localSockets }: SeccompOptions): Uint8Array => {
  const { audit } = architectures[arch];
  const refuse = (error: string): Instruction => answer(answers.error + valueOf(table.errors, error));
  const byNumber = new Map<number, SeccompRule[]>();
  for (const rule of table.rules.filter(({ unless }) => !(localSockets && unless === 'local_sockets'))) {
    for (const call of rule.calls) {
      const number = numberOfCall(table, arch, call);
      if (number !== null) byNumber.set(number, [...(byNumber.get(number) ?? []), rule]);
    }
  }
  const isAlways = (rules: readonly SeccompRule[]): boolean => rules.some(({ when }) => when === undefined);
  const blocks = [...byNumber]
    .toSorted(([a, rulesA], [b, rulesB]) => Number(isAlways(rulesA)) - Number(isAlways(rulesB)) || a - b)
    .map(([number, rules]) => {
      const body = rules.flatMap((rule) => ruleBody(table, rule, refuse(rule.answer)));
      const whole = isAlways(rules) ? body : [...body, answer(answers.allow)];
      return [jump('equal', number, 0, whole.length), ...whole];
    });
  return encode([
    // SECURITY: numbers mean something else on another architecture, so that comes first.
    load(offsets.architecture),
    jump('equal', audit, 1, 0),
    answer(answers.killProcess),
    load(offsets.number),
    ...(arch === 'x86_64' ? [jump('atLeast', x32Bit, 0, 1), refuse('ENOSYS')] : []),
    // SECURITY: what was not looked at does not exist. A number of -1 is refused here, too.
    jump('greater', table.newest_call, 0, 1),
    refuse('ENOSYS'),
    ...blocks.flat(),
    answer(answers.allow),
  ]);
};

/** Refuses when all conditions hold, else goes on behind itself. The loaded word is lost. */
const ruleBody = (table: SeccompTable, { when = [] }: SeccompRule, refusal: Instruction): readonly Instruction[] =>
  when.reduceRight<readonly Instruction[]>((rest, condition) => [...test(table, condition, rest.length), ...rest], [refusal]);

/** Goes on when the condition holds, else skips `rest` more instructions. */
const test = (table: SeccompTable, condition: SeccompCondition, rest: number): readonly Instruction[] => {
  const number = (name: string): number => valueOf(table.constants, name);
  const start = [load(offsets.argumentLow(condition.argument)), ...(condition.mask === undefined ? [] : [mask(number(condition.mask))])];
  if (condition.any_of !== undefined) {
    const bits = condition.any_of.reduce((all, name) => (all | number(name)) >>> 0, 0);
    return [...start, jump('anyBit', bits, 0, rest)];
  }
  const values = (condition.in ?? condition.not_in ?? []).map(number);
  const isIn = condition.in !== undefined;
  // Each comparison that hits leaves the list: forward to what follows it, or past the rest.
  const comparisons = values.map((value, index) => {
    const left = values.length - 1 - index;
    const [hit, miss] = isIn ? [left, left === 0 ? rest : 0] : [left + rest, 0];
    return jump('equal', value, hit, miss);
  });
  return [...start, ...comparisons];
};
