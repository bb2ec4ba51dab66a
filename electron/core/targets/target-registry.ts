import type { JsonObject } from '../../../shared/json.ts';
import { scopes } from '../../../shared/domain/identity.ts';
import type { PolicyProblem } from '../../../shared/domain/policy.ts';
import { localTarget, Target, type TargetsStatus } from '../../../shared/domain/target.ts';
import { AppError } from '../../../shared/errors.ts';
import type { WatchedText } from '../accepted-text.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Clock } from '../ports/clock.ts';
import { readTargets } from './targets-document.ts';

export interface TargetsEvent {
  readonly type: 'targets.loaded' | 'targets.rejected';
  readonly data: JsonObject;
}

/** The systems that calls may act on: `targets.yaml`, and this machine. */
export interface TargetRegistry {
  /** Loads the file and starts watching it. Without a file there is `local` alone, with every capability. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Null for a name that is not known, and for every name while nothing could be loaded. */
  get(id: string): Target | null;
  /** `local` first, the others in the file's order. */
  list(): readonly Target[];
  /** Why there is no target at all, with the line to mend; null while there are some. */
  deniedBecause(): string | null;
  /** Of a target that exists, for policy and approvers; empty for any other. */
  metadata(id: string): Readonly<Record<string, string>>;
  isBuiltIn(id: string): boolean;
  check(text: string): { readonly ok: boolean; readonly targets: number; readonly problems: readonly PolicyProblem[] };
  status(): TargetsStatus;
  /** The text in force; empty without one. */
  text(): string;
  onChange(listener: () => void): () => void;
}

export interface TargetRegistryDeps {
  readonly file: WatchedText;
  /** Whether a file that is gone means what it says because the operator has accepted that; else its last text stays in force. */
  readonly missingIsAccepted: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** Names of all tools, for `require_approval`. */
  readonly tools: () => readonly string[];
  readonly onEvent: (event: TargetsEvent) => void;
}

interface Loaded {
  /** Null: there was no file. */
  readonly text: string | null;
  readonly version: string;
  readonly targets: ReadonlyMap<string, Target>;
}

const NONE = 'none';
const DENY_ALL = 'deny-all';

/** This machine, as it is without a word about it in the file. What needs root rights is asked about. */
export const builtInLocal: Target = Target.parse({
  id: localTarget,
  type: 'local',
  name: 'This machine',
  capabilities: [...scopes],
  constraints: { sudo: 'ask' },
});

/** A text that fails any check never comes into force: the last good one stays, and without one every call on every target is denied. */
export function createTargetRegistry(deps: TargetRegistryDeps): TargetRegistry {
  const listeners = new Set<() => void>();
  let inForce: Loaded | null = null;
  let problems: readonly PolicyProblem[] = [problemWithFile('the targets have not been loaded yet')];
  let loadedAt = deps.clock.now();
  let refusedText: string | null | undefined;
  let unwatch: (() => void) | null = null;
  let queue: Promise<void> = Promise.resolve();

  async function load(): Promise<void> {
    let text: string | null;
    try {
      text = await deps.file.read();
    } catch (error) {
      refuse(null, [problemWithFile(error instanceof AppError ? error.message : 'the file could not be read')]);
      return;
    }
    if (text === null && inForce !== null && inForce.text !== null && !deps.missingIsAccepted) {
      // SECURITY: a file that is gone must not give back what it took from `local`.
      refuse(null, [problemWithFile('the file is gone; what it said stays in force until the next start')]);
      return;
    }
    const read = text === null ? { ok: true as const, targets: [], problems: [] as const } : readTargets(text, deps.tools());
    if (!read.ok) {
      refuse(text, read.problems);
      return;
    }
    take({ text, version: text === null ? NONE : sha256Hex(text).slice(0, 12), targets: new Map(withLocal(read.targets)) });
  }

  function take(loaded: Loaded): void {
    const isSame = inForce !== null && inForce.text === loaded.text && problems.length === 0;
    refusedText = undefined;
    if (isSame) return;
    // Told before it is in force: what cannot be recorded does not happen.
    deps.onEvent({ type: 'targets.loaded', data: { file: deps.file.path, version: loaded.version, targets: [...loaded.targets.keys()] } });
    inForce = loaded;
    problems = [];
    loadedAt = deps.clock.now();
    notify();
  }

  function refuse(text: string | null, found: readonly PolicyProblem[]): void {
    problems = found;
    if (refusedText === text) return;
    refusedText = text;
    const shown = found.slice(0, 10).map((problem) => ({ ...problem }));
    deps.onEvent({ type: 'targets.rejected', data: { file: deps.file.path, in_force: inForce?.version ?? DENY_ALL, problems: shown } });
    notify();
  }

  function notify(): void {
    for (const listener of listeners) listener();
  }

  const get = (id: string): Target | null => inForce?.targets.get(id) ?? null;

  return {
    async start() {
      unwatch = deps.file.watch(() => {
        queue = queue.then(load).catch(() => {
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
    get,
    list: () => [...(inForce?.targets.values() ?? [])],
    deniedBecause: () => (inForce === null ? unreadable(deps.file.path, problems) : null),
    metadata: (id) => get(id)?.metadata ?? {},
    isBuiltIn: (id) => get(id) === builtInLocal,
    check(text) {
      const read = readTargets(text, deps.tools());
      return { ok: read.ok, targets: read.ok ? withLocal(read.targets).length : 0, problems: read.problems };
    },
    status: () => ({
      file: deps.file.path,
      version: inForce?.version ?? DENY_ALL,
      state: inForce === null ? 'deny_all' : problems.length === 0 ? 'active' : 'last_good',
      loaded_at: new Date(loadedAt).toISOString(),
      problems: [...problems],
    }),
    text: () => inForce?.text ?? '',
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const withLocal = (targets: readonly Target[]): (readonly [string, Target])[] => {
  const local = targets.find(({ id }) => id === localTarget) ?? builtInLocal;
  return [local, ...targets.filter(({ id }) => id !== localTarget)].map((target) => [target.id, target] as const);
};

const problemWithFile = (message: string): PolicyProblem => ({ line: null, column: null, path: '', message });

function unreadable(path: string, [first]: readonly PolicyProblem[]): string {
  const place = first?.line === undefined || first.line === null ? '' : `, line ${first.line.toString()}`;
  return `The targets could not be loaded, so every call is denied: ${path}${place}: ${first?.message ?? 'unknown'}.`;
}
