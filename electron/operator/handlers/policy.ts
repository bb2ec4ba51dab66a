import { AppError } from '../../../shared/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract/contract.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { PolicyFileSource } from '../../core/ports/policy-file.ts';
import type { HandlersOf } from '../handler.ts';

export interface PolicyHandlerDeps {
  readonly policy: Pick<Policy, 'status' | 'text' | 'rules' | 'check'>;
  readonly policyFile: Pick<PolicyFileSource, 'path' | 'read'>;
  /** Resolves a call as the pipeline would, and says what policy makes of it; nothing runs. */
  readonly explain: (call: ParsedInputOf<'policy.explain'>) => Promise<OutputOf<'policy.explain'>>;
}

/** What is in force, what a text would do, and why a call would be judged as it is. */
export function createPolicyHandlers(deps: PolicyHandlerDeps): HandlersOf<'policy.get' | 'policy.check' | 'policy.explain'> {
  const { policy, policyFile } = deps;
  return {
    'policy.get': async () => ({ status: policy.status(), text: policy.text(), rules: [...policy.rules()] }),
    'policy.check': async ({ text }) => {
      const checked = text ?? (await policyFile.read());
      if (checked === null) throw new AppError('not_found', `There is no ${policyFile.path}. Restart to have the default written.`);
      const found = await policy.check(checked);
      return { ...found, problems: [...found.problems] };
    },
    'policy.explain': async (call) => deps.explain(call),
  };
}
