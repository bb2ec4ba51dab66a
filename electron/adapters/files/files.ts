import type { BigIntStats } from 'node:fs';
import { AppError } from '../../../shared/errors.ts';
import type { LayerRoot } from '../../core/ports/layers.ts';
import type { Files, HeldPath } from '../../core/ports/files.ts';
import { createHeldPath } from './held-path.ts';
import { lookUpProtected } from './protected-places.ts';
import { walk } from './walk.ts';
import { checkWorkspace } from './workspace-rules.ts';

export interface FilesDeps {
  /** The data directory, the operator socket's folder and whatever else is the gateway's own. Need not exist yet. */
  readonly protectedPaths: readonly string[];
  /** The operator's home folder, absolute. */
  readonly home: string;
}

/** The `Files` port on Linux. Names are never trusted twice: every path is walked once and then held by descriptors. */
export const createFiles = ({ protectedPaths, home }: FilesDeps): Files => {
  const resolve = async (workspaces: readonly string[], path: string, roots: readonly LayerRoot[] = []): Promise<HeldPath> => {
    // Afresh at each call: the data directory may have been made, moved or linked since.
    const places = await lookUpProtected(protectedPaths);
    const checkOwn = (at: string, stat: BigIntStats): void => {
      if (places.contains(at, stat)) throw new AppError('forbidden', `${at} belongs to the gateway itself, which no tool may reach`);
    };
    const walkTo = async (to: string): Promise<HeldPath> =>
      createHeldPath({ found: await walk(workspaces, to, { places, roots }), walkTo, checkOwn });
    return walkTo(path);
  };

  return {
    resolve,
    checkWorkspace: async (path) => checkWorkspace(path, { home, protectedPaths }),
  };
};
