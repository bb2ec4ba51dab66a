import type { Deciders } from '../../core/approvals/deciders.ts';
import type { HandlersOf } from '../handler.ts';

export interface DeciderHandlerDeps {
  readonly deciders: Pick<Deciders, 'status' | 'test'>;
}

/** Who decides besides the window, and whether they can be reached. */
export function createDeciderHandlers({ deciders }: DeciderHandlerDeps): HandlersOf<'deciders.status' | 'deciders.test'> {
  return {
    'deciders.status': async () => await deciders.status(),
    'deciders.test': async () => ({ results: [...(await deciders.test())] }),
  };
}
