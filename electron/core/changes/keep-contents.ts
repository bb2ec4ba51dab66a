import type { FileVersion } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import type { LayerRoot } from '../ports/layers.ts';
import { kindOf, type Draft } from './drafts.ts';
import { inParallel } from './in-parallel.ts';

/**
 * Keeps both contents of every draft, durably. What changed in the real tree since it was looked at becomes a conflict; what is changing in
 * the layer at this moment is left out, for the next call to find. Errors: `unavailable` without space.
 */
export async function keepContents(files: ChangeFiles, drafts: readonly Draft[], roots: readonly LayerRoot[]): Promise<readonly Draft[]> {
  const kept = new Map<Draft, Draft>();
  await inParallel(drafts, async (draft) => {
    const { workspace, path, after } = draft;
    const root = roots.find((one) => one.workspace === workspace);
    if (root === undefined || !(await keep(files, { root, workspace, path }, after))) return;
    const real = await keepReal(files, draft);
    if (real !== null) kept.set(draft, real);
  });
  await files.settle();
  return drafts.flatMap((draft) => kept.get(draft) ?? []);
}

/** Keeps what the real tree has, as it is now if it is no longer what the draft says. */
async function keepReal(files: ChangeFiles, draft: Draft): Promise<Draft | null> {
  const { workspace, path, before, after } = draft;
  if (await keep(files, { root: null, workspace, path }, before)) return draft;
  const actual = await files.inspect(workspace, path).catch(ignoreConflict);
  if (actual === undefined || !(await keep(files, { root: null, workspace, path }, actual))) return null;
  return { ...draft, before: actual, kind: kindOf(actual, after), isConflict: true };
}

/** False when the file is no longer this version. */
export async function keep(files: ChangeFiles, source: Parameters<ChangeFiles['keep']>[0], version: FileVersion | null): Promise<boolean> {
  if (version?.type !== 'file') return true;
  try {
    await files.keep(source, version.sha256);
    return true;
  } catch (error) {
    ignoreConflict(error);
    return false;
  }
}

function ignoreConflict(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
}
