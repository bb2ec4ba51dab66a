import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { PolicyProblem, PolicyStatus } from '../../../shared/domain/policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { PolicyFile } from '../ports/policy-file.ts';
import { addHosts } from './call-reach.ts';
import { examinePolicy, type ExamineDeps, type LoadedPolicy } from './examine-policy.ts';
import { DENY_ALL, judge, NOTHING_APPLIES, UNKNOWN_TOOL, unreadable, verdictOf } from './policy-verdicts.ts';
import { tryPolicy } from './try-policy.ts';
import { createSavePolicy } from './save-policy.ts';
import type { MatchedRule, Policy, PolicyInput } from './policy.ts';

export interface PolicyEvent {
  readonly type: 'policy.loaded' | 'policy.rejected';
  readonly data: JsonObject;
}

export interface PolicyDeps extends ExamineDeps {
  readonly file: PolicyFile;
  readonly clock: Clock;
  readonly onEvent: (event: PolicyEvent) => void;
  /** Records that the operator saved another text; durable when it resolves. Without it nothing can be saved. */
  readonly onSaved?: (data: JsonObject) => Promise<void>;
}

/** The rules of `policy.yaml`. A text that fails any check never comes into force: the last good one stays, and without one everything is denied. */
export function createPolicy(deps: PolicyDeps): Policy {
  const listeners = new Set<() => void>();
  let inForce: LoadedPolicy | null = null;
  let problems: readonly PolicyProblem[] = [problemWithFile('the policy has not been loaded yet')];
  let loadedAt = deps.clock.now();
  let refusedText: string | null | undefined;
  let unwatch: (() => void) | null = null;
  let queue: Promise<void> = Promise.resolve();

  async function load(): Promise<void> {
    const read = await readText(deps.file);
    if (!read.ok) return refuse(null, [read.problem]);
    const result = examinePolicy(deps, read.text);
    if (result.loaded === null) return refuse(read.text, result.problems);
    const isSame = inForce?.text === read.text && problems.length === 0;
    refusedText = undefined;
    if (isSame) return;
    // Told before it is in force: what cannot be recorded does not happen.
    const { version, rules } = result.loaded;
    deps.onEvent({ type: 'policy.loaded', data: { file: deps.file.path, version, rules: rules.length } });
    inForce = result.loaded;
    problems = [];
    loadedAt = deps.clock.now();
    notify();
  }

  function refuse(text: string | null, found: readonly PolicyProblem[]): void {
    problems = found;
    if (refusedText === text) return;
    refusedText = text;
    const data = {
      file: deps.file.path,
      in_force: inForce?.version ?? DENY_ALL,
      problems: found.slice(0, 10).map((problem) => ({ ...problem })),
    };
    deps.onEvent({ type: 'policy.rejected', data });
    notify();
  }

  function notify(): void {
    for (const listener of listeners) listener();
  }

  function explain(input: PolicyInput): { readonly verdict: Verdict; readonly matched: readonly MatchedRule[] } {
    const verdict = evaluate(input);
    const matched = isJudged(input) ? (inForce?.compiled.all(withReach(input, verdict.profile)) ?? []) : [];
    return { verdict, matched: matched.map(({ id, effect, reason }) => ({ id, effect, reason })) };
  }

  const isJudged = (input: PolicyInput) => inForce !== null && deps.tools(input.tool) !== null;

  function evaluate(input: PolicyInput): Verdict {
    if (inForce === null) return unreadable(deps.file.path, problems);
    if (deps.tools(input.tool) === null) return verdictOf(inForce.version, UNKNOWN_TOOL);
    return verdictOf(inForce.version, judge(inForce.compiled, input));
  }

  const withReach = (input: PolicyInput, profile: string) => addHosts(input, deps.profileHosts?.(profile) ?? []);

  const writer = createSavePolicy({
    file: deps.file,
    examine: (text) => examinePolicy(deps, text),
    text: () => inForce?.text ?? null,
    version: () => inForce?.version ?? DENY_ALL,
    record: deps.onSaved ?? null,
    reload: load,
  });

  /** One after the other, so that no two saves rest on the same version. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  return {
    async start() {
      unwatch = deps.file.watch(() => {
        queue = queue.then(load).catch(() => {
          // What is in force stays; the event itself is what failed, so there is none about it.
          problems = [problemWithFile('the change could not be recorded, so it did not take effect')];
          notify();
        });
      });
      queue = queue.then(load);
      await queue;
    },
    async stop() {
      unwatch?.();
      unwatch = null;
      await queue;
    },
    evaluate,
    evaluateChange: (input) => inForce?.judgeChange(input) ?? NOTHING_APPLIES,
    explain,
    withReach,
    // SECURITY: where nothing says what is private, everything is.
    isPrivate: (path) => inForce?.isPrivate(path) ?? true,
    trial: (text) => tryPolicy(deps, text),
    async check(text) {
      const result = examinePolicy(deps, text);
      return { ok: result.loaded !== null, rules: result.rules, problems: [...result.problems] };
    },
    save: (text, expectedVersion, channel) => inTurn(() => writer.save(text, expectedVersion, channel)),
    appendRule: (rule, expectedVersion, channel) => inTurn(() => writer.append(rule, expectedVersion, channel)),
    previewRule: writer.preview,
    fileVersion: () => deps.file.version(),
    status: (): PolicyStatus => ({
      file: deps.file.path,
      version: inForce?.version ?? DENY_ALL,
      rules: inForce?.rules.length ?? 0,
      state: inForce === null ? 'deny_all' : problems.length === 0 ? 'active' : 'last_good',
      loaded_at: new Date(loadedAt).toISOString(),
      problems: [...problems],
    }),
    text: () => inForce?.text ?? '',
    rules: () => inForce?.rules ?? [],
    changeRules: () => inForce?.changeRules ?? [],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const problemWithFile = (message: string): PolicyProblem => ({ line: null, column: null, path: '', message });

type Read = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: PolicyProblem };

async function readText(file: PolicyFile): Promise<Read> {
  const failed = (message: string): Read => ({ ok: false, problem: problemWithFile(message) });
  try {
    const text = await file.read();
    return text === null ? failed('the file does not exist') : { ok: true, text };
  } catch (error) {
    return failed(error instanceof AppError ? error.message : 'the file could not be read');
  }
}
