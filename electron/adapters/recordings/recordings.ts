import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CallId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Recordings } from '../../core/ports/recordings.ts';

export interface RecordingsDeps {
  /** Absolute; made when it is first needed. */
  readonly folder: string;
  /** All recordings together. */
  readonly budgetBytes: number;
}

/** How often everything is looked at for what must go: after this many new ones. */
const sweepEvery = 50;

/** The `Recordings` port: a file for each call, readable by the operator alone. */
export const createRecordings = ({ folder, budgetBytes }: RecordingsDeps): Recordings => {
  let sinceSweep = sweepEvery;
  // SECURITY: ids are letters and digits, so a name cannot lead out of the folder.
  const fileOf = (call: CallId): string => join(folder, `${CallId.parse(call)}.cast`);

  const sweep = async (): Promise<void> => {
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const path = join(folder, name);
        const found = await stat(path).catch(() => null);
        return { path, bytes: found?.size ?? 0, at: found?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes } of files.sort((a, b) => a.at - b.at)) {
      if (total <= budgetBytes) return;
      await rm(path, { force: true });
      total -= bytes;
    }
  };

  return {
    async put(call, cast) {
      const path = fileOf(call);
      const temporary = `${path}.${randomBytes(4).toString('hex')}`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(temporary, cast, { mode: 0o600, flag: 'wx' });
        await rename(temporary, path);
        sinceSweep += 1;
        if (sinceSweep >= sweepEvery) {
          sinceSweep = 0;
          await sweep();
        }
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw new AppError('unavailable', 'the recording could not be kept', { cause: error });
      }
    },
    get: async (call) => await readFile(fileOf(call), 'utf8').catch(() => null),
  };
};
