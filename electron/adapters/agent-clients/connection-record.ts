import { join } from 'node:path';
import { z } from 'zod';
import type { ClientKind } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import { readConfigFile, replaceConfigFile } from './config-file.ts';

/** One connect: what it wrote where, so that it can be taken back. */
export const AppliedConnect = z.strictObject({
  disabled_own_tools: z.boolean(),
  files: z.array(
    z.strictObject({
      path: z.string(),
      /** Where the old file is kept; null when there was none. */
      backup: z.string().nullable(),
      /** The old file's permission bits. */
      mode: z.number().int().nullable(),
      sha256_after: z.string(),
    }),
  ),
});
export type AppliedConnect = z.infer<typeof AppliedConnect>;

const ConnectRecord = z.strictObject({ version: z.literal(1), applied: z.array(AppliedConnect) });

const pathOf = (dataDir: string, kind: ClientKind): string => join(dataDir, 'clients', `${kind}.json`);

/** Every connect of a client that has not been undone, the oldest first. Errors: `unavailable` when the record cannot be read. */
export function readConnects(dataDir: string, kind: ClientKind): readonly AppliedConnect[] {
  const path = pathOf(dataDir, kind);
  const { text } = readConfigFile(path);
  if (text === null) return [];
  try {
    return ConnectRecord.parse(JSON.parse(text)).applied;
  } catch (cause) {
    throw new AppError('unavailable', `${path}, the record of what was written, cannot be read. Restore the backups by hand.`, { cause });
  }
}

/** Replaces the record. */
export function writeConnects(dataDir: string, kind: ClientKind, applied: readonly AppliedConnect[]): void {
  replaceConfigFile(pathOf(dataDir, kind), `${JSON.stringify({ version: 1, applied }, null, 2)}\n`, 0o600);
}
