import { AppError } from '../../../shared/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract/contract.ts';
import type { AcceptedPolicy } from '../../core/policy/accepted-policy.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { PolicyFileSource } from '../../core/ports/policy-file.ts';
import type { HandlersOf } from '../handler.ts';

export interface PolicyHandlerDeps {
  readonly policy: Pick<Policy, 'status' | 'text' | 'rules' | 'check'>;
  readonly policyFile: Pick<PolicyFileSource, 'path' | 'read'>;
  /** Null when headless: there a changed file is applied, and audited, at once. */
  readonly acceptedPolicy: Pick<AcceptedPolicy, 'held' | 'accept'> | null;
  /** Resolves a call as the pipeline would, and says what policy makes of it; nothing runs. */
  readonly explain: (call: ParsedInputOf<'policy.explain'>) => Promise<OutputOf<'policy.explain'>>;
}

/** What is in force, what a text would do, and why a call would be judged as it is. */
export function createPolicyHandlers(
  deps: PolicyHandlerDeps,
): HandlersOf<'policy.get' | 'policy.check' | 'policy.accept' | 'policy.explain'> {
  const { policy, policyFile } = deps;
  return {
    'policy.get': async () => ({ status: policy.status(), text: policy.text(), rules: [...policy.rules()], held: await heldPolicy(deps) }),
    'policy.check': async ({ text }) => {
      const checked = text ?? (await policyFile.read());
      if (checked === null) throw new AppError('not_found', `There is no ${policyFile.path}. Restart to have the default written.`);
      const found = await policy.check(checked);
      return { ...found, problems: [...found.problems] };
    },
    'policy.accept': async ({ version }) => {
      const held = deps.acceptedPolicy?.held() ?? null;
      const problem = held === null || held.text === null ? undefined : (await policy.check(held.text)).problems[0];
      if (problem !== undefined) throw new AppError('invalid_input', `Not accepted: line ${problem.line ?? 1}: ${problem.message}.`);
      if (deps.acceptedPolicy === null)
        throw new AppError('conflict', 'Without a window a changed policy is applied at once; there is nothing to accept.');
      await deps.acceptedPolicy.accept(version);
      return { version };
    },
    'policy.explain': async (call) => deps.explain(call),
  };
}

async function heldPolicy({ acceptedPolicy, policy }: PolicyHandlerDeps): Promise<OutputOf<'policy.get'>['held']> {
  const held = acceptedPolicy?.held() ?? null;
  if (held === null) return null;
  const { problems } = held.text === null ? { problems: [] } : await policy.check(held.text);
  return { ...held, problems: [...problems] };
}
