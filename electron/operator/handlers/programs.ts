import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../../core/change-bus.ts';
import type { Jobs } from '../../core/jobs/jobs.ts';
import type { RunningCalls } from '../../core/pipeline/running-calls.ts';
import type { Recordings } from '../../core/ports/recordings.ts';
import type { ProgramHandle } from '../../core/ports/runner.ts';
import type { Store } from '../../core/ports/store.ts';
import type { HandlersOf } from '../handler.ts';
import { operatorEvent, recordEvent } from './operator-event.ts';

export interface ProgramHandlerDeps {
  readonly running: Pick<RunningCalls, 'program'>;
  readonly jobs: Pick<Jobs, 'list' | 'stop'>;
  readonly store: Pick<Store, 'commit' | 'call'>;
  readonly recordings: Pick<Recordings, 'get'>;
  readonly bus: ChangeBus;
}

type Names = 'calls.recording' | 'calls.input' | 'calls.resize' | 'jobs.list' | 'jobs.stop';

/** What the operator does with programs that run: type into them, and end what was left running. */
export function createProgramHandlers({ running, jobs, store, recordings, bus }: ProgramHandlerDeps): HandlersOf<Names> {
  const program = (id: Parameters<RunningCalls['program']>[0]): ProgramHandle => {
    const found = running.program(id);
    if (found === null) throw new AppError('not_found', 'No program of this call runs any more.');
    return found;
  };
  return {
    'calls.recording': async ({ id }) => ({ cast: await recordings.get(id) }),
    'calls.input': async ({ id, text }, caller) => {
      const handle = program(id);
      // SECURITY: what the operator typed is in the log before the program gets it; what it means is the program's business.
      const event = operatorEvent('call.input_sent', { channel: caller.channel, characters: text.length });
      await recordEvent(store, { ...event, call_id: id });
      handle.write(text);
      return {};
    },
    'calls.resize': async ({ id, columns, rows }) => {
      program(id).resize(columns, rows);
      return {};
    },
    'jobs.list': async () => ({ jobs: [...jobs.list(null)] }),
    'jobs.stop': async ({ id }) => {
      const job = await jobs.stop(null, id, 'The operator stopped it.');
      bus.changed('calls');
      return job;
    },
  };
}
