import { scopes, Risk } from '../../../shared/domain/identity.ts';
import type { PolicyProblem } from '../../../shared/domain/policy.ts';
import { TimeSpan } from '../../../shared/domain/policy-conditions.ts';
import { localTarget, Target, TargetConstraints, TargetEntry, TargetHost, TargetId, TargetsFile } from '../../../shared/domain/target.ts';
import { expandScopes } from '../identity/scopes.ts';
import { nearestName } from '../nearest-name.ts';
import { compileTimes, createZoneClocks } from '../policy/time-condition.ts';
import { readYamlDocument, type YamlDocument } from '../yaml/yaml-document.ts';

/** A text that is right becomes targets; any other, problems with their lines. */
export type ReadTargets =
  | { readonly ok: true; readonly targets: readonly Target[]; readonly problems: readonly [] }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** Reads `targets.yaml`. `tools` are the names that `require_approval` may list beside risks. */
export function readTargets(text: string, tools: readonly string[]): ReadTargets {
  const document = readYamlDocument(text, TargetsFile, '`targets:` (write `targets: {}` for none)');
  if (document.file === null) return { ok: false, problems: document.problems.map(withSuggestion) };
  const entries = Object.entries(document.file.targets);
  const problems = entries.flatMap(([key, entry]) => problemsOf(key, entry, tools, document));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, targets: entries.map(([key, entry]) => targetOf(key, entry)), problems: [] };
}

function targetOf(id: string, { id: _same, type, capabilities, ...entry }: TargetEntry): Target {
  // SECURITY: an entry that does not say where it is, is not this machine.
  return Target.parse({ ...entry, id, type: type ?? (id === localTarget ? 'local' : 'ssh'), capabilities: expandScopes(capabilities) });
}

/** What a schema cannot say. */
function problemsOf(key: string, entry: TargetEntry, tools: readonly string[], { problemAt }: YamlDocument<TargetsFile>): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const at = (path: readonly (string | number)[], message: string): void => {
    problems.push(problemAt(['targets', key, ...path], message));
  };
  const named = TargetId.safeParse(key);
  if (!named.success) at([], `${JSON.stringify(key)} is no target’s id: ${named.error.issues[0]?.message ?? ''}`);
  if (entry.id !== undefined && entry.id !== key)
    at(['id'], `the id is \`${entry.id}\`, but the entry is called \`${key}\`: write the same`);
  if (key === localTarget && entry.type === 'ssh')
    at(['type'], 'the target called local is this machine: leave type out, or give the entry another name');
  if (entry.type === 'local' && entry.host !== undefined) at(['host'], 'a target of type local is this machine and has no host');
  for (const [index, scope] of entry.capabilities.entries())
    if (entry.capabilities.indexOf(scope) !== index) at(['capabilities', index], `\`${scope}\` stands here twice`);
  const { require_approval, maintenance_windows } = entry.constraints;
  for (const [index, name] of (Array.isArray(require_approval) ? require_approval : []).entries()) {
    const known = [...Risk.options, ...tools];
    if (!known.includes(name))
      at(
        ['constraints', 'require_approval', index],
        `\`${name}\` is neither a tool nor a risk (${Risk.options.join(', ')})${meant(name, known)}`,
      );
  }
  compileTimes(maintenance_windows, createZoneClocks(), (path, message) => {
    at(['constraints', 'maintenance_windows', ...path], message);
  });
  return problems;
}

const keys = (schema: { readonly shape: object }): string[] => Object.keys(schema.shape);

/** The keys that may stand where a problem is, from the inside out. */
const places: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.maintenance_windows\[\d+\]\.[^.]+$/, keys(TimeSpan)],
  [/\.constraints\.[^.]+$/, keys(TargetConstraints)],
  [/\.host\.[^.]+$/, keys(TargetHost)],
  [/^targets\..+\.[^.]+$/, keys(TargetEntry)],
  [/^[^.]+$/, keys(TargetsFile)],
];

function withSuggestion(problem: PolicyProblem): PolicyProblem {
  const key = /^unknown key `(.*)`$/su.exec(problem.message)?.[1];
  if (key !== undefined) {
    const known = places.find(([place]) => place.test(problem.path))?.[1] ?? [];
    return { ...problem, message: `${problem.message}${meant(key, known)}; known here are ${known.join(', ')}` };
  }
  const scope = /^"(.*)" is not a scope/su.exec(problem.message)?.[1];
  return scope === undefined ? problem : { ...problem, message: `${problem.message}${meant(scope, scopes)}` };
}

function meant(typed: string, known: readonly string[]): string {
  const near = nearestName(typed, known);
  return near === null ? '' : `; did you mean \`${near}\`?`;
}
