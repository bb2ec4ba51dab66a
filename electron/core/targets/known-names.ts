import { AppError } from '../../../shared/errors.ts';
import type { Target } from '../../../shared/domain/target.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperationExecutor } from '../ports/operation-executor.ts';
import type { Argv, DiscoveryKind, NamedThing } from './operations/operation.ts';

/** Milliseconds that a list is good for (F40). */
const goodMs = 300_000;
/** A name that is not on a list has it made anew, at most this often; who asks sooner waits. Milliseconds. */
const betweenMs = 2000;
const discoveryMs = 20_000;
const outputLimit = 4 * 1024 * 1024;
/** Lists that are kept. */
const mostLists = 500;

interface Discovery {
  /** What the list depends on beside target and kind. */
  readonly key: (name: string) => string;
  readonly argv: (name: string) => Argv;
  readonly read: (output: string) => readonly string[];
}

const firstWords = (output: string): string[] => output.split('\n').flatMap((line) => line.trim().split(/\s+/, 1)[0] ?? []);

const discoveries: Readonly<Record<DiscoveryKind, Discovery>> = {
  container: {
    key: () => '',
    argv: () => ['docker', 'container', 'ls', '--all', '--no-trunc', '--format', '{{.Names}}'],
    read: firstWords,
  },
  service: {
    key: () => '',
    argv: () => ['systemctl', 'list-units', '--type=service', '--all', '--full', '--plain', '--no-legend', '--no-pager'],
    read: (output) => firstWords(output).map((unit) => unit.replace(/\.service$/, '')),
  },
  // There are too many to list; the tool answers those that begin so.
  package: { key: (name) => name, argv: (name) => ['apt-cache', '--quiet', 'pkgnames', name], read: firstWords },
};

interface List {
  readonly names: ReadonlySet<string>;
  readonly at: number;
}

/** The names of containers, services and packages that a target has, as it says itself. */
export interface KnownNames {
  /** Whether the target knows this name. `fresh`: by a list of now, not one that is merely good. Errors: `unavailable` when the target does not say. */
  has(target: Target, executor: OperationExecutor, thing: NamedThing, fresh?: boolean): Promise<boolean>;
  /** Errors: `unavailable` when the container engine does not answer. */
  requireEngine(target: Target, executor: OperationExecutor): Promise<void>;
}

export function createKnownNames(clock: Pick<Clock, 'monotonic' | 'after'>): KnownNames {
  const lists = new Map<string, List>();
  const underWay = new Map<string, Promise<List>>();

  const keyOf = (target: Target, { kind, name }: NamedThing): string => [target.id, kind, discoveries[kind].key(name)].join('\n');

  async function discover(target: Target, executor: OperationExecutor, thing: NamedThing): Promise<List> {
    const key = keyOf(target, thing);
    const running = underWay.get(key);
    if (running !== undefined) return await running;
    const made = make(target, executor, thing).finally(() => underWay.delete(key));
    underWay.set(key, made);
    return await made;
  }

  async function make(target: Target, executor: OperationExecutor, thing: NamedThing): Promise<List> {
    const wait = (lists.get(keyOf(target, thing))?.at ?? -betweenMs) + betweenMs - clock.monotonic();
    if (wait > 0) await new Promise<void>((resolve) => clock.after(wait, resolve));
    const { argv, read } = discoveries[thing.kind];
    const output = await ask(executor, argv(thing.name), `The ${thing.kind}s of the target ${target.id} cannot be listed`);
    const list: List = { names: new Set(read(output)), at: clock.monotonic() };
    if (lists.size >= mostLists) lists.clear();
    lists.set(keyOf(target, thing), list);
    return list;
  }

  const current = (target: Target, thing: NamedThing, maxAge: number): List | null => {
    const list = lists.get(keyOf(target, thing));
    return list !== undefined && clock.monotonic() - list.at < maxAge ? list : null;
  };

  return {
    async has(target, executor, thing, fresh = false) {
      const list = current(target, thing, fresh ? betweenMs : goodMs);
      if (list?.names.has(thing.name) === true) return true;
      return (await discover(target, executor, thing)).names.has(thing.name);
    },
    async requireEngine(target, executor) {
      const any: NamedThing = { kind: 'container', name: '' };
      if (current(target, any, goodMs) === null) await discover(target, executor, any);
    },
  };
}

/** The output of a program that only looks. Errors: `unavailable` with its first line when it fails. */
export async function ask(executor: OperationExecutor, [program, ...args]: Argv, what: string): Promise<string> {
  const found = await executor.find(program);
  if (found === null) throw new AppError('unavailable', `${what}: ${program} is not installed there.`);
  const command = { argv: [found.path, ...args], root: false, timeoutMs: discoveryMs, outputLimit };
  const { exit, output, truncated } = await executor.run(command, new AbortController().signal);
  // SECURITY: half a list is no list.
  if (exit.kind === 'exited' && exit.code === 0 && !truncated) return output;
  const said = output.trim().split('\n', 1)[0]?.slice(0, 300) ?? '';
  throw new AppError('unavailable', `${what}: ${said === '' ? `${program} ended without an answer` : said}`);
}
