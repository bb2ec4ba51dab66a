import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answers, bpf } from './bpf.ts';
import { numberOfCall, seccompArchitecture, seccompProgram, type SeccompArchitecture } from './seccomp-program.ts';
import { parseSeccompTable } from './seccomp-table.ts';

const text = readFileSync(new URL('../../../../resources/sandbox/seccomp.yaml', import.meta.url), 'utf8');
const table = parseSeccompTable(text);
const audit = { x86_64: 0xc000003e, aarch64: 0xc00000b7, i386: 0x40000003 } as const;

/** A machine that runs classic BPF over struct seccomp_data, as the kernel does. It throws on what the kernel would not load. */
const run = (program: Uint8Array, arch: number, number: number, args: readonly bigint[]): string => {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number >>> 0, true);
  data.setUint32(4, arch, true);
  args.forEach((value, index) => data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true));
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let loaded = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const k = code.getUint32(at * 8 + 4, true);
    const skip = (holds: boolean): number => code.getUint8(at * 8 + (holds ? 2 : 3));
    switch (code.getUint16(at * 8, true)) {
      case bpf.load:
        loaded = data.getUint32(k, true);
        break;
      case bpf.and:
        loaded = (loaded & k) >>> 0;
        break;
      case bpf.equal:
        at += skip(loaded === k);
        break;
      case bpf.greater:
        at += skip(loaded > k);
        break;
      case bpf.atLeast:
        at += skip(loaded >= k);
        break;
      case bpf.anyBit:
        at += skip((loaded & k) !== 0);
        break;
      case bpf.answer:
        return nameOf(k);
      default:
        throw new Error(`no such instruction at ${at}`);
    }
  }
  throw new Error('the program ran past its end');
};

const nameOf = (answer: number): string => {
  if (answer === answers.allow) return 'allow';
  if (answer === answers.killProcess) return 'kill';
  return Object.entries(table.errors).find(([, number]) => answer === answers.error + number)?.[0] ?? `unknown ${answer}`;
};

const numberOf = (arch: SeccompArchitecture, call: string): number | null => numberOfCall(table, arch, call);
const garbage = 0xdeadbeef_00000000n;

/** Calls, their arguments, and the answer without and with local sockets. */
type Case = readonly [string, readonly (number | bigint)[], string, string?];
const cases: readonly Case[] = [
  ['socket', [1, 1, 0], 'EPERM', 'allow'],
  ['socket', [garbage | 1n, 1, 0], 'EPERM', 'allow'],
  ['socket', [2, 1, 6], 'allow'],
  ['socket', [10, 0x80802, 17], 'allow'],
  ['socket', [2, 1, 262], 'allow'],
  ['socket', [2, 1, 132], 'EPROTONOSUPPORT'],
  ['socket', [2, 3, 255], 'EPROTONOSUPPORT'],
  ['socket', [16, 3, 0], 'allow'],
  ['socket', [16, 3, 12], 'EPROTONOSUPPORT'],
  ['socket', [garbage | 16n, 3, garbage], 'allow'],
  ...[0, 3, 17, 29, 30, 31, 38, 40, 44, 0xffffffff].map((family) => ['socket', [family, 1, 0], 'EAFNOSUPPORT'] as const),
  ['socketpair', [1, 0x80801, 0], 'allow'],
  ['socketpair', [1, 5, 0], 'allow'],
  ['socketpair', [1, 0x80802, 0], 'EPERM', 'allow'],
  ['socketpair', [1, garbage | 3n, 0], 'EPERM', 'allow'],
  ['socketpair', [30, 1, 0], 'EAFNOSUPPORT'],
  ['clone', [0x11], 'allow'],
  ['clone', [0x3d0f00], 'allow'],
  ...[0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000].map(
    (flag) => ['clone', [flag | 0x11], 'EPERM'] as const,
  ),
  ['clone', [garbage | 0x10000011n], 'EPERM'],
  ['clone3', [0, 0], 'ENOSYS'],
  ['unshare', [0], 'EPERM'],
  ['personality', [0], 'allow'],
  ['personality', [0xffffffff], 'allow'],
  ['personality', [0x40000], 'EPERM'],
  ['personality', [garbage | 0x400000n], 'EPERM'],
  ['ioctl', [0, 0x5401], 'allow'],
  ['ioctl', [0, 0x5412], 'EPERM'],
  ['ioctl', [0, garbage | 0x5412n], 'EPERM'],
  ['ioctl', [0, 0x541c], 'EPERM'],
  ['chmod', [0, 0o755], 'allow'],
  ['chmod', [0, 0o1777], 'allow'],
  ['chmod', [0, 0o4755], 'EPERM'],
  ['chmod', [0, garbage | 0o2755n], 'EPERM'],
  ['fchmod', [0, 0o100644], 'allow'],
  ['fchmod', [0, 0o6755], 'EPERM'],
  ['fchmodat', [0, 0, 0o755], 'allow'],
  ['fchmodat', [0, 0, 0o4755], 'EPERM'],
  ['fchmodat2', [0, 0, 0o2755, 0x1000], 'EPERM'],
  ['creat', [0, 0o4755], 'EPERM'],
  ['creat', [0, 0o755], 'allow'],
  ['open', [0, 0o101, 0o4755], 'EPERM'],
  ['open', [0, 0o1, 0o4755], 'allow'],
  ['openat', [0, 0, 0o101, 0o644], 'allow'],
  ['openat', [0, 0, 0o101, 0o4755], 'EPERM'],
  ['openat', [0, 0, 0o20200002, 0o2700], 'EPERM'],
  ['openat', [0, 0, 0o2000000, 0o7777], 'allow'],
  ['openat2', [0, 0, 0, 24], 'ENOSYS'],
  ['mknod', [0, 0o10644, 0], 'allow'],
  ['mknod', [0, 0o20644, 0], 'EPERM'],
  ['mknod', [0, 0o104755, 0], 'EPERM'],
  ['mknodat', [0, 0, 0o60644, 0], 'EPERM'],
  ['mknodat', [0, 0, 0o100644, 0], 'allow'],
];

describe.each(['x86_64', 'aarch64'] as const)('F59: the filter of system calls for %s', (arch) => {
  const closed = seccompProgram({ table, arch, localSockets: false });
  const open = seccompProgram({ table, arch, localSockets: true });
  const known = cases.flatMap(([call, args, without, withSockets = without]) =>
    numberOf(arch, call) === null ? [] : [{ call, args, without, withSockets }],
  );

  it.each(known)('$call($args) gets $without', ({ call, args, without, withSockets }) => {
    const ask = (program: Uint8Array): string => run(program, audit[arch], numberOf(arch, call) ?? -1, args.map(BigInt));
    expect([ask(closed), ask(open)]).toEqual([without, withSockets]);
  });

  it('refuses every call that a rule names without conditions, whatever its arguments', () => {
    const always = table.rules
      .filter(({ when }) => when === undefined)
      .flatMap(({ calls, answer }) => calls.map((call) => ({ call, answer })));
    expect(always.length).toBeGreaterThan(60);
    for (const { call, answer } of always) {
      const number = numberOf(arch, call);
      for (const value of [0n, 1n, -1n, garbage]) {
        if (number !== null)
          expect(
            run(
              closed,
              audit[arch],
              number,
              Array.from({ length: 6 }, () => value),
            ),
            call,
          ).toBe(answer);
      }
    }
  });

  it('allows every call that no rule names, up to the newest one that was looked at', () => {
    const named = new Set(table.rules.flatMap(({ calls }) => calls.map((call) => numberOf(arch, call))));
    for (let number = 0; number < table.newest_call + 40; number += 1) {
      if (!named.has(number)) expect(run(closed, audit[arch], number, [0n])).toBe(number > table.newest_call ? 'ENOSYS' : 'allow');
    }
  });

  it('kills what was made for another architecture, and knows no x32 calls and no call -1', () => {
    for (const [name, value] of Object.entries(audit)) {
      expect(run(open, value, 0, []), name).toBe(name === arch ? 'allow' : 'kill');
    }
    for (const number of [0x40000000, 0x40000001, 0x40000000 + 512, 0x7fffffff, 0x80000000, -1]) {
      expect(run(open, audit[arch], number, [1n]), String(number)).toBe('ENOSYS');
    }
  });
});

describe('F59: the table of system calls', () => {
  it('uses every number and constant that it names, in rules that say why', () => {
    const used = new Set(table.rules.flatMap(({ calls }) => calls));
    expect(Object.keys(table.calls).filter((call) => !used.has(call))).toEqual([]);
    const words = new Set(
      table.rules.flatMap(({ when = [] }) => when.flatMap((each) => [each.mask, ...(each.in ?? each.not_in ?? each.any_of ?? [])])),
    );
    expect(Object.keys(table.constants).filter((name) => !words.has(name))).toEqual([]);
  });

  it('knows the processors that there are numbers for, and no others', () => {
    expect(['x64', 'arm64', 'riscv64', 'ia32', 'arm'].map(seccompArchitecture)).toEqual(['x86_64', 'aarch64', null, null, null]);
  });

  it.each([
    ['a call without numbers', (good: string) => good.replace('calls: [clone3]', 'calls: [clone4]'), /clone4/],
    ['an unknown constant', (good: string) => good.replace('in: [AF_UNIX] }', 'in: [AF_UNIXX] }'), /AF_UNIXX/],
    ['a name that every object has', (good: string) => good.replace('calls: [clone3]', 'calls: [constructor]'), /constructor/],
    ['an unknown key', (good: string) => good.replace('    unless: local', '    except: local'), /except/],
    ['a condition with two tests', (good: string) => good.replace('in: [AF_UNIX] }', 'in: [AF_UNIX], any_of: [AF_UNIX] }'), /one of/],
    ['no rules', (good: string) => good.replace(/rules:[^]*\n\n# Numbers/, 'rules: []\n\n# Numbers'), /rules/],
    ['an empty file', () => '', /expected object/i],
  ])('is refused with %s', (_what, spoil, message) => {
    expect(spoil(text)).not.toBe(text);
    expect(() => seccompProgram({ table: parseSeccompTable(spoil(text)), arch: 'x86_64', localSockets: false })).toThrow(message);
  });
});
