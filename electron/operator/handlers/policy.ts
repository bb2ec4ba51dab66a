import { AppError } from '../../../shared/errors.ts';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract/contract.ts';
import type { AcceptedPolicy } from '../../core/policy/accepted-policy.ts';
import type { Gardener } from '../../core/policy/gardener.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Replay } from '../../core/policy/replay.ts';
import type { PolicyChange } from '../../core/policy/policy-change.ts';
import type { PolicyFileSource } from '../../core/ports/policy-file.ts';
import type { HandlersOf } from '../handler.ts';

export interface PolicyHandlerDeps {
  readonly policy: Pick<Policy, 'status' | 'text' | 'rules' | 'check' | 'save' | 'appendRule' | 'previewRule' | 'fileVersion'>;
  readonly policyFile: Pick<PolicyFileSource, 'path' | 'read'>;
  /** Null when headless: there a changed file is applied, and audited, at once. */
  readonly acceptedPolicy: Pick<AcceptedPolicy, 'held' | 'accept'> | null;
  /** Resolves a call as the pipeline would, and says what policy makes of it; nothing runs. */
  readonly replay: Replay;
  readonly gardener: Gardener;
  readonly explain: (call: ParsedInputOf<'policy.explain'>) => Promise<OutputOf<'policy.explain'>>;
}

type PolicyOperation =
  | 'policy.get'
  | 'policy.check'
  | 'policy.accept'
  | 'policy.explain'
  | 'policy.save'
  | 'policy.append_rule'
  | 'policy.preview_rule'
  | 'policy.replay'
  | 'policy.garden';

/** What is in force, what a text would do, and why a call would be judged as it is. */
export function createPolicyHandlers(deps: PolicyHandlerDeps): HandlersOf<PolicyOperation> {
  const { policy, policyFile } = deps;
  return {
    'policy.get': async () => ({
      status: policy.status(),
      text: policy.text(),
      rules: [...policy.rules()],
      held: await heldPolicy(deps),
      file_version: await policy.fileVersion(),
    }),
    'policy.save': async ({ text, expected_version }, { channel }) => changeOf(await policy.save(text, expected_version, channel)),
    'policy.append_rule': async ({ rule, expected_version }, { channel }) =>
      changeOf(await policy.appendRule(rule, expected_version, channel)),
    'policy.preview_rule': async ({ rule }) => changeOf(policy.previewRule(rule)),
    'policy.replay': async ({ text, from, limit, most }) => deps.replay.page({ text: text ?? policy.text(), from, limit, most }),
    'policy.garden': async ({ text, stale_days, calls, least }) => deps.gardener.garden({ text, staleDays: stale_days, calls, least }),
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

const changeOf = (change: PolicyChange): OutputOf<'policy.save'> => ({ ...change, problems: [...change.problems] });

async function heldPolicy({ acceptedPolicy, policy }: PolicyHandlerDeps): Promise<OutputOf<'policy.get'>['held']> {
  const held = acceptedPolicy?.held() ?? null;
  if (held === null) return null;
  const { problems } = held.text === null ? { problems: [] } : await policy.check(held.text);
  return { ...held, problems: [...problems] };
}
