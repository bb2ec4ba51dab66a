import type { InputOf, OutputOf } from '../../shared/contract/contract.ts';
import type { AuditEvent } from '../../shared/domain/audit.ts';
import type { CallRecord } from '../../shared/domain/call.ts';
import { JobId, type Job } from '../../shared/domain/job.ts';
import { ago, callId, digest, taskId } from './fake-ids.ts';
import { fakeCall, fakeEvents } from './fake-calls.ts';

/** What the fake gateway knows of programs. */
export interface FakePrograms {
  readonly jobs: readonly Job[];
  /** Every call's recording. */
  readonly cast: string | null;
  /** What a running call has printed when it is first watched; null for one that prints a line now and then. */
  readonly printed: string | null;
}

export const noPrograms: FakePrograms = { jobs: [], cast: null, printed: null };

interface ProgramHandlers {
  readonly 'calls.recording': () => OutputOf<'calls.recording'>;
  readonly 'calls.input': () => Record<string, never>;
  readonly 'calls.resize': () => Record<string, never>;
  readonly 'jobs.list': () => OutputOf<'jobs.list'>;
  readonly 'jobs.stop': (input: InputOf<'jobs.stop'>) => OutputOf<'jobs.stop'>;
}

export function createProgramHandlers(world: { programs: FakePrograms }, changed: () => void): ProgramHandlers {
  return {
    'calls.recording': () => ({ cast: world.programs.cast }),
    'calls.input': () => ({}),
    'calls.resize': () => ({}),
    'jobs.list': () => ({ jobs: [...world.programs.jobs] }),
    'jobs.stop': ({ id }) => {
      const found = world.programs.jobs.find((job) => job.id === id);
      if (found === undefined) throw new Error('There is no such job.');
      const stopped: Job = { ...found, state: 'stopped', reason: 'The operator stopped it.', ended_at: ago(0) };
      world.programs = { ...world.programs, jobs: world.programs.jobs.map((job) => (job.id === id ? stopped : job)) };
      changed();
      return stopped;
    },
  };
}

const job = (seed: number, parts: Partial<Job>): Job => ({
  id: JobId.parse(`job_${String(seed).padStart(12, 'k3q7')}`),
  task_id: taskId(1),
  call_id: callId(950 + seed),
  agent: 'Claude Code',
  command: 'npm run dev -- --port 5173',
  state: 'running',
  exit_code: null,
  reason: null,
  started_at: ago(754),
  ended_at: null,
  ...parts,
});

export const jobs = (): Job[] => [
  job(1, {}),
  job(2, { agent: 'Codex', command: 'cargo watch -x test', started_at: ago(2200) }),
  job(3, {
    agent: 'Codex',
    command: 'python -m http.server 8000',
    state: 'ended',
    exit_code: 1,
    started_at: ago(4000),
    ended_at: ago(3990),
  }),
  job(4, {
    command: 'vite build --watch',
    state: 'stopped',
    reason: 'The operator stopped it.',
    started_at: ago(9000),
    ended_at: ago(5000),
  }),
];

/** A command in a terminal that waits for an answer. */
export const terminalCall = (): CallRecord => ({
  ...fakeCall(901, 41),
  agent: 'Codex',
  tool: 'bash',
  arguments: { command: 'npm init vite@latest shop-front', tty: true },
  state: 'running',
  outcome: null,
  reason: null,
  started_at: ago(38),
  finished_at: null,
  output: null,
});

const escape = '\u001B';

/** Colours, bold, a drawn box and a prompt. */
export const colourful = [
  `${escape}[2J${escape}[H${escape}[1mcreate-vite${escape}[0m ${escape}[2m9.1.0${escape}[0m`,
  '',
  `${escape}[32m✔${escape}[0m Project name: ${escape}[36mshop-front${escape}[0m`,
  `${escape}[32m✔${escape}[0m Package name: ${escape}[36mshop-front${escape}[0m`,
  `${escape}[33m⚠${escape}[0m ${escape}[33mThe folder is not empty.${escape}[0m`,
  `${escape}[31m✖${escape}[0m ${escape}[38;2;255;140;0mgit${escape}[0m was not found`,
  '',
  `${escape}[1m?${escape}[0m Select a framework:`,
  `  ${escape}[7m React ${escape}[0m`,
  '  Vue',
  '  Svelte',
  '',
  `${escape}[90m↑/↓ to choose, Enter to accept${escape}[0m `,
].join('\r\n');

/** The same as a recording of a few seconds. */
export function colourfulCast(): string {
  const header = { version: 2, width: 80, height: 24, timestamp: 1_790_000_000, title: 'npm init vite@latest shop-front' };
  const frames = colourful.split('\r\n').map((line, index) => JSON.stringify([index * 0.4, 'o', `${line}\r\n`]));
  return [JSON.stringify(header), ...frames, ''].join('\n');
}

/** Watches the streams that a page opened, and prints into them. */
export interface FakeStreams {
  readonly open: (onChunk: (chunk: string) => void) => () => void;
  readonly print: (text: string) => void;
}

export function createFakeStreams(world: { programs: FakePrograms }): FakeStreams {
  const watchers = new Set<(chunk: string) => void>();
  return {
    open(onChunk) {
      watchers.add(onChunk);
      const { printed } = world.programs;
      if (printed !== null) setTimeout(() => onChunk(printed));
      let line = 0;
      const tell = (): void => onChunk(`Progress: resolved ${(line += 1) * 37}, downloaded ${line * 12}\n`);
      const timer = printed === null ? setInterval(tell, 300) : null;
      return () => {
        watchers.delete(onChunk);
        if (timer !== null) clearInterval(timer);
      };
    },
    print(text) {
      for (const watcher of watchers) watcher(text);
    },
  };
}

/** SHA-256 of `colourfulCast()`. */
const castHash = 'f582927b584836316b4f39acb5c2f8077254551bd00888bf89eeebc91c19346e';

/** The log with the hashes of recordings: of the newest row the right one, of the others another. */
export const recordedEvents = (): AuditEvent[] =>
  fakeEvents().map((event, index) =>
    event.type === 'execution.finished'
      ? { ...event, data: { ...event.data, recording_sha256: index === 0 ? castHash : digest(index) } }
      : event,
  );
