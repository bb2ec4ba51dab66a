import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { holdPlace, type HeldOperandsDeps, type HeldPlace } from './held-operands.ts';
import { plainWords } from './plain-words.ts';
import { readCommand, type PlannedCommand } from './read-command.ts';
import { limitWords } from './rlimits.ts';
import { createShownNames } from './shown-names.ts';

export interface RunListedDeps extends HeldOperandsDeps {
  readonly runner: Runner;
  /** The programs that are here, by name. */
  readonly programs: ReadonlyMap<string, string>;
}

/** The runner hands descriptors over from this number on. */
const firstDescriptor = 3;
const bashWords = ['/bin/bash', '--noprofile', '--norc', '-c'];

/**
 * Runs one command of the list, without any shell, on files that are held. Errors: `forbidden` when it is not one that may run, or names something
 * that may not be read; `not_found`; `unavailable` when the program is missing.
 */
export const runListed = async (
  deps: RunListedDeps,
  command: SandboxCommand,
  signal: AbortSignal,
  events: SandboxEvents = {},
): Promise<SandboxResult> => {
  if (command.tty) throw new AppError('forbidden', 'there are no terminals without a working sandbox: leave tty out');
  const planned = readCommand(plainWords(textOf(command.argv)));
  const place = await holdPlace(deps, command);
  const held: FileHandle[] = [];
  try {
    const program = deps.programs.get(planned.program === 'pwd' ? 'echo' : planned.program);
    if (program === undefined)
      throw new AppError(
        'unavailable',
        `${planned.program} is not on this machine in the version that is known to be safe here: install bubblewrap`,
      );
    const { words, names } = await holdWords(planned, place, held, command.cwd);
    return await runHeld(deps, { program, words, names, held, place }, command, signal, events);
  } finally {
    await Promise.all(held.map(async (handle) => handle.close()));
    await place.close();
  }
};

/** Only what the bash tool makes of a command line; the text itself never reaches a shell. */
const textOf = (argv: readonly string[]): string => {
  const [text] = argv.slice(bashWords.length);
  if (text === undefined || argv.length !== bashWords.length + 1 || bashWords.some((word, index) => argv[index] !== word)) {
    throw new AppError('forbidden', 'without a working sandbox only command lines run, and programs only by their plain names');
  }
  return text;
};

interface HeldWords {
  readonly words: readonly (string | number)[];
  /** What each descriptor is called in what is printed. */
  readonly names: ReadonlyMap<number, string>;
}

/** Opens every file and folder that the command names, in order; numbers stand for descriptors. */
const holdWords = async (planned: PlannedCommand, place: HeldPlace, held: FileHandle[], cwd: string): Promise<HeldWords> => {
  if (planned.program === 'pwd') return { words: [cwd], names: new Map() };
  const words: (string | number)[] = [];
  const names = new Map<number, string>();
  for (const word of planned.words) {
    if ('text' in word) {
      words.push(word.text);
      continue;
    }
    held.push(await place.open(word.operand, word.kind));
    const descriptor = firstDescriptor + held.length - 1;
    names.set(descriptor, word.shown);
    words.push(descriptor);
  }
  return { words, names };
};

interface Held extends HeldWords {
  readonly program: string;
  readonly held: readonly FileHandle[];
  readonly place: HeldPlace;
}

const runHeld = async (
  { runner }: RunListedDeps,
  { program, words, names, held, place }: Held,
  command: SandboxCommand,
  signal: AbortSignal,
  { onOutput, onStarted }: SandboxEvents,
): Promise<SandboxResult> => {
  const shown = createShownNames(names);
  const stream = shown.stream();
  const tell = (text: string): void => {
    if (text !== '') onOutput?.(text);
  };
  const result = await runner.run(
    {
      argv: [
        ...(await limitWords(command.profile.limits)),
        program,
        ...words.map((word) => (typeof word === 'string' ? word : shown.pathOf(word))),
      ],
      // SECURITY: nothing of the gateway's, the agent's or the profile's: LD_PRELOAD, GREP_OPTIONS and their like decide what a program does.
      env: { LANG: 'C.UTF-8' },
      cwd: `/proc/${process.pid}/fd/${place.folder.fd}`,
      descriptors: held.map(({ fd }) => ({ fd, access: 'read' as const })),
      tty: false,
      timeoutMs: command.timeoutMs,
      outputLimit: command.outputLimit,
    },
    signal,
    {
      onOutput: (chunk) => tell(stream.add(chunk)),
      ...(onStarted === undefined ? {} : { onStarted: (handle) => onStarted({ ...handle, openNetwork: async () => null }) }),
    },
  );
  tell(stream.end());
  const output = shown.restore(result.output);
  const shorter = Buffer.byteLength(result.output) - Buffer.byteLength(output);
  return { ...result, output, outputBytes: result.outputBytes - shorter };
};
