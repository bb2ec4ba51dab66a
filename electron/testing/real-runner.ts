import { createRunner } from '../adapters/runner/runner.ts';
import type { Runner } from '../core/ports/runner.ts';

/** The real runner, for adapters' tests: adapters know nothing of each other. */
export const openRealRunner = (): Runner => createRunner();
