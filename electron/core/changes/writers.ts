import type { CallId, Digest, TaskId } from '../../../shared/domain/identity.ts';
import type { JobId } from '../../../shared/domain/job.ts';

/** The one file that a file tool writes: its whole content by its hash, and its permissions. */
export interface WrittenFile {
  readonly path: string;
  readonly sha256: Digest;
  readonly mode: number;
}

/** A call, or a job that a call left running, that can change files in its task's layer. */
export interface Writer {
  readonly call_id: CallId;
  readonly job_id: JobId | null;
  readonly tool: string;
  /** What a file tool writes; null: a program, which can write anything. */
  readonly file: WrittenFile | null;
}

/** Who may have made what one look at the layer finds. */
export interface Gathering {
  /** Everybody who wrote or could write since the last look, from before this one began until now. */
  writers(): readonly Writer[];
  /** What was found is in the record: who had ended by then has nothing left in the layer that is not known. */
  done(): void;
}

/**
 * Who writes in which task's layer. A layer is shared by all calls and jobs of its task, and nothing in it says whose a change is; what can be
 * said is who could have made it.
 */
export interface Writers {
  /** Call it before the first change; the answer ends it. */
  begin(task: TaskId, writer: Writer): () => void;
  gather(task: TaskId, by: Pick<Writer, 'call_id' | 'job_id'>): Gathering;
}

/** Ended writers of one task that are kept while nobody looks at its layer. */
const keptEnded = 256;

interface OfTask {
  readonly active: Set<Writer>;
  ended: readonly Writer[];
}

export function createWriters(): Writers {
  const tasks = new Map<TaskId, OfTask>();
  const settle = (task: TaskId, known: OfTask): void => {
    if (known.active.size === 0 && known.ended.length === 0) tasks.delete(task);
  };
  return {
    begin(task, writer) {
      const known = tasks.get(task) ?? { active: new Set<Writer>(), ended: [] };
      tasks.set(task, known);
      known.active.add(writer);
      return () => {
        // One whose changes are in the record by now was taken out.
        if (known.active.delete(writer)) known.ended = [...known.ended, writer].slice(-keptEnded);
        settle(task, known);
      };
    },
    gather(task, by) {
      const known = tasks.get(task);
      if (known === undefined) return { writers: () => [], done: () => undefined };
      const ended = known.ended;
      const first = [...known.active, ...ended];
      return {
        writers: () => [...new Set([...first, ...known.active])],
        done() {
          known.ended = known.ended.filter((writer) => !ended.includes(writer));
          for (const writer of known.active) if (writer.call_id === by.call_id && writer.job_id === by.job_id) known.active.delete(writer);
          settle(task, known);
        },
      };
    },
  };
}

/** What every change goes by that is not certainly a file tool's own. */
const program = 'bash';

/** Whose a change is, as far as it can be told. */
export interface Authorship {
  /** Tools whose rules all apply. */
  readonly tools: readonly string[];
  /** The call that made it, or left the job running that did; null: one of several. */
  readonly call_id: CallId | null;
}

/**
 * SECURITY: a rule for one tool must not be met by another tool's call that happens to end first. What a file tool announced, to the byte and the
 * mode, goes by that tool's name; everything else by `bash`, and by the tool of everybody else who could have made it, the strictest first.
 */
export function authorOf(
  path: string,
  after: { readonly sha256: Digest; readonly mode: number } | null,
  writers: readonly Writer[],
): Authorship {
  const own = writers.filter(({ file }) => file?.path === path && file.sha256 === after?.sha256 && file.mode === after.mode);
  const possible = own.length > 0 ? own : writers;
  const calls = new Set(possible.map(({ call_id }) => call_id));
  const tools = new Set([...(own.length > 0 ? [] : [program]), ...possible.map(({ tool }) => tool)]);
  return { tools: [...tools].sort(), call_id: calls.size === 1 ? (possible[0]?.call_id ?? null) : null };
}
