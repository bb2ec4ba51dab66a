import type { FileVersion } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles, FileStep } from '../ports/change-files.ts';
import { inParallel } from './in-parallel.ts';
import { ancestorsOf, versionsOf, type Move, type Plan, type PlannedStep } from './plan-steps.ts';
import { isSameVersion } from './set-state.ts';

/** So many new files are made durable together; what else the steps do, they do one after the other. */
const width = 2048;
/** Bytes from which a content is copied and hashed piece by piece; of those only a few go side by side. */
const large = 1024 * 1024;

/** Why a move did not happen. */
export interface Obstacle {
  /** What is there instead; undefined when it could not be looked at. */
  readonly actual: FileVersion | null | undefined;
  readonly reason: string;
}

/**
 * Makes every step of a plan, and answers the moves that did not happen. A path that already is further on its way, as a start after a crash
 * finds it, is taken from there. Errors: `unavailable` and bugs end the run; what was done until then stays.
 */
export async function runPlan(files: ChangeFiles, plan: Plan): Promise<ReadonlyMap<Move, Obstacle>> {
  const obstacles = new Map<Move, Obstacle>();
  const run = async ({ move, step }: PlannedStep): Promise<void> => {
    if (obstacles.has(move)) return;
    try {
      let result = await files.apply(step);
      if (!result.ok && isWithoutFolder(step, result.actual) && (await makeFolders(files, step))) result = await files.apply(step);
      if (result.ok || isFurther(move, step.expected, result.actual)) return;
      obstacles.set(move, { actual: result.actual, reason: reasonOf(step.expected, result.actual) });
    } catch (error) {
      const isOfThisPath = error instanceof AppError && (error.code === 'forbidden' || error.code === 'conflict');
      if (!isOfThisPath) throw error;
      obstacles.set(move, { actual: undefined, reason: error.message });
    }
  };
  for (const batch of plan) {
    const [big, small] = [batch.filter(isLarge), batch.filter((one) => !isLarge(one))];
    await inParallel(small, run, width);
    await inParallel(big, run);
  }
  return obstacles;
}

const isLarge = ({ step }: PlannedStep): boolean => [step.expected, step.wanted].some((one) => one?.type === 'file' && one.size > large);

/** Something new whose folder was there when it was judged and has gone since, as when the operator's own git cleans up. */
const isWithoutFolder = ({ expected, wanted }: FileStep, actual: FileVersion | null): boolean =>
  expected === null && wanted !== null && actual === null;

/** Makes the folders above a path that are missing. False when something else is in the way. */
async function makeFolders(files: ChangeFiles, { workspace, path, restores }: FileStep): Promise<boolean> {
  const above = ancestorsOf(path).filter((folder) => folder.startsWith(`${workspace}/`));
  for (const folder of above.reverse()) {
    if ((await files.inspect(workspace, folder))?.type === 'directory') continue;
    const made = await files.apply({ workspace, path: folder, expected: null, wanted: { type: 'directory', mode: 0o755 }, restores });
    if (!made.ok) return false;
  }
  return true;
}

function isFurther(move: Move, expected: FileVersion | null, actual: FileVersion | null): boolean {
  const versions = versionsOf(move);
  const at = versions.findIndex((version) => isSameVersion(version, expected));
  return versions.slice(at + 1).some((version) => isSameVersion(version, actual));
}

function reasonOf(expected: FileVersion | null, actual: FileVersion | null): string {
  if (actual?.type === 'directory' && expected?.type === 'directory')
    return 'The folder has something else in it, or another mode, by now.';
  if (actual === null && expected === null) return 'The folder that it belongs in is not there.';
  if (actual === null) return 'The real file is gone by now.';
  return expected === null ? 'Something else is there by now.' : 'The real file changed meanwhile.';
}
