import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { below } from '../files/descriptors.ts';

/** Linux's O_PATH (asm-generic: x86, arm64); Node does not export it. */
const O_PATH = 0o10000000;
const { O_NOFOLLOW } = constants;

/** As `holdChild` of the walks, at once; valid until `use` returns or, when it answers a promise, until that is settled. */
export async function withChild<T>(folder: FileHandle, name: string, use: (fd: number, stat: BigIntStats) => T): Promise<Awaited<T>> {
  const fd = openSync(below(folder, name), O_PATH | O_NOFOLLOW);
  try {
    return await use(fd, fstatSync(fd, { bigint: true }));
  } finally {
    closeSync(fd);
  }
}
