import { AppError } from '../../../shared/errors.ts';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import type { AcceptedText } from '../../core/accepted-text.ts';
import type { PolicyFileSource } from '../../core/ports/policy-file.ts';
import type { TargetRegistry } from '../../core/targets/target-registry.ts';
import type { TargetView } from '../../../shared/domain/target.ts';
import type { HandlersOf } from '../handler.ts';

export interface TargetHandlerDeps {
  readonly targets: Pick<TargetRegistry, 'status' | 'text' | 'check'>;
  readonly targetViews: () => readonly TargetView[];
  readonly targetsFile: Pick<PolicyFileSource, 'path' | 'read'>;
  /** Null when headless: there a changed file is applied, and audited, at once. */
  readonly acceptedTargets: Pick<AcceptedText, 'held' | 'accept'> | null;
}

/** What can be done where, and whether a file about it is right. */
export function createTargetHandlers(deps: TargetHandlerDeps): HandlersOf<'targets.list' | 'targets.check' | 'targets.accept'> {
  const { targets, targetsFile, acceptedTargets } = deps;
  const check = (text: string): OutputOf<'targets.check'> => {
    const found = targets.check(text);
    return { ...found, problems: [...found.problems] };
  };
  const heldTargets = (): OutputOf<'targets.list'>['held'] => {
    const held = acceptedTargets?.held() ?? null;
    return held === null ? null : { ...held, problems: held.text === null ? [] : check(held.text).problems };
  };
  return {
    'targets.list': async () => ({
      status: targets.status(),
      targets: [...deps.targetViews()],
      text: targets.text(),
      held: heldTargets(),
    }),
    'targets.check': async ({ text }) => {
      const checked = text ?? (await targetsFile.read());
      if (checked === null)
        throw new AppError(
          'not_found',
          `There is no ${targetsFile.path}. Without it there is the target local alone, with every capability.`,
        );
      return check(checked);
    },
    'targets.accept': async ({ version }) => {
      const [problem] = heldTargets()?.problems ?? [];
      if (problem !== undefined)
        throw new AppError('invalid_input', `Not accepted: line ${(problem.line ?? 1).toString()}: ${problem.message}.`);
      if (acceptedTargets === null)
        throw new AppError('conflict', 'Without a window a changed file is applied at once; there is nothing to accept.');
      await acceptedTargets.accept(version);
      return { version };
    },
  };
}
