import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { PolicyFile } from '../ports/policy-file.ts';
import { appendRule } from './append-rule.ts';
import type { Examined } from './examine-policy.ts';
import type { PolicyChange, PolicyChannel } from './policy-change.ts';
import { policyVersion } from './policy-version.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface SavePolicyDeps {
  readonly file: PolicyFile;
  readonly examine: (text: string) => Examined;
  /** Text in force; null while there is none. */
  readonly text: () => string | null;
  readonly version: () => string;
  /** Durable when it resolves; null where nothing may be written. */
  readonly record: ((data: JsonObject) => Promise<void>) | null;
  /** Reads the file again and puts it in force. */
  readonly reload: () => Promise<void>;
}

/** Writes the policy for the operator: checked first, recorded first, against the version that the operator saw. */
export function createSavePolicy(deps: SavePolicyDeps) {
  function planned(text: string): PolicyChange {
    const { loaded, problems, rules } = deps.examine(text);
    const diff = unifiedDiff(deps.text() ?? '', text);
    return { ok: loaded !== null, problems, text, diff, before: deps.version(), version: policyVersion(text), rules };
  }

  async function save(text: string, expectedVersion: string, channel: PolicyChannel, data: JsonObject = {}): Promise<PolicyChange> {
    if (deps.record === null) throw new AppError('unavailable', 'The policy cannot be written here; start the host first.');
    // SECURITY: what another program put on disk since is neither lost nor taken over unseen.
    const found = await deps.file.version();
    if (found !== expectedVersion)
      throw new AppError('conflict', 'The policy file is not the one that you changed. Look at what it says now, then save again.');
    const change = planned(text);
    if (!change.ok) return change;
    const { before, version, rules } = change;
    // What cannot be recorded does not happen.
    await deps.record({ file: deps.file.path, before, after: version, rules, channel, ...data });
    await deps.file.write(text);
    await deps.reload();
    if (deps.version() !== version)
      throw new AppError('unavailable', 'The policy was written, but another text is in force. Look at the file again.');
    return change;
  }

  const withRule = (rule: PolicyRule): string => {
    const text = deps.text();
    if (text === null) throw new AppError('conflict', 'No policy is in force, so there is none to add a rule to. Mend the file first.');
    return appendRule(text, rule);
  };

  return {
    save,
    preview: (rule: PolicyRule) => planned(withRule(rule)),
    append: async (rule: PolicyRule, expectedVersion: string, channel: PolicyChannel) =>
      save(withRule(rule), expectedVersion, channel, { rule: rule.id, effect: rule.effect }),
  };
}
