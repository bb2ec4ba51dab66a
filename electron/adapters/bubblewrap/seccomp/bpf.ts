import { endianness } from 'node:os';

/** One instruction of classic BPF: struct sock_filter of linux/filter.h. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** linux/bpf_common.h and linux/filter.h: a load of a word of struct seccomp_data, an AND, comparisons with a constant, a return. */
export const bpf = { load: 0x20, and: 0x54, equal: 0x15, greater: 0x25, atLeast: 0x35, anyBit: 0x45, answer: 0x06 } as const;

/** linux/seccomp.h. The error's number is added to `error`. */
export const answers = { killProcess: 0x8000_0000, error: 0x0005_0000, allow: 0x7fff_0000 } as const;

/** Where struct seccomp_data has what, in bytes. */
export const offsets = {
  number: 0,
  architecture: 4,
  /** The low half of an argument; both architectures are little-endian. */
  argumentLow: (index: number): number => 16 + 8 * index,
};

/** linux/bpf_common.h: BPF_MAXINSNS. */
const longest = 4096;

export const load = (offset: number): Instruction => ({ code: bpf.load, jt: 0, jf: 0, k: offset });
export const mask = (bits: number): Instruction => ({ code: bpf.and, jt: 0, jf: 0, k: bits });
export const answer = (value: number): Instruction => ({ code: bpf.answer, jt: 0, jf: 0, k: value });

/** Skips `jt` instructions when the comparison of the loaded word with `k` holds, else `jf`. Errors: throws when that is further than BPF can jump. */
export const jump = (comparison: 'equal' | 'greater' | 'atLeast' | 'anyBit', k: number, jt: number, jf: number): Instruction => {
  if (jt > 255 || jf > 255 || jt < 0 || jf < 0) throw new RangeError(`a jump over ${Math.max(jt, jf)} instructions is not possible`);
  return { code: bpf[comparison], jt, jf, k };
};

/** The program as the kernel reads it. */
export const encode = (program: readonly Instruction[]): Uint8Array => {
  if (program.length > longest) throw new RangeError(`a filter of ${program.length} instructions is too long`);
  if (endianness() !== 'LE') throw new Error('filters are made for little-endian machines');
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, jt, jf, k }, index) => {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, jt);
    bytes.setUint8(index * 8 + 3, jf);
    bytes.setUint32(index * 8 + 4, k, true);
  });
  return new Uint8Array(bytes.buffer);
};
