import type { ChangeSets } from '../../core/changes/change-sets.ts';
import type { HandlersOf } from '../handler.ts';
import { given } from './given.ts';

export interface ChangeHandlerDeps {
  readonly changes: Pick<ChangeSets, 'list' | 'get' | 'diff' | 'accept' | 'drop' | 'undo'>;
}

type Names = 'changes.list' | 'changes.get' | 'changes.diff' | 'changes.accept' | 'changes.drop' | 'changes.undo';

/** What calls changed, and what the operator makes of it. */
export function createChangeHandlers({ changes }: ChangeHandlerDeps): HandlersOf<Names> {
  return {
    'changes.list': async (input) => ({ changes: [...(await changes.list(given(input)))] }),
    'changes.get': async ({ id }) => changes.get(id),
    'changes.diff': async ({ id, path }) => changes.diff(id, path),
    'changes.accept': async (decision, { channel }) => changes.accept(decision, channel),
    'changes.drop': async (decision, { channel }) => changes.drop(decision, channel),
    'changes.undo': async ({ id }, { channel }) => {
      const { change_set, refused } = await changes.undo(id, channel);
      return { change_set, refused: [...refused] };
    },
  };
}
