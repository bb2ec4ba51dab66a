import type { Approval } from '../../../shared/domain/approval.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import { endWords } from '../../lib/approval-standing.ts';

export interface TryoutStep {
  readonly title: string;
  readonly detail: string;
  readonly state: 'done' | 'now' | 'next' | 'failed';
}

export interface TryoutFacts {
  /** The request that the try-out raised, once it is there. */
  readonly approval: Approval | null;
  readonly call: CallRecord | null;
  readonly isRunning: boolean;
  readonly outcome: string | null;
}

const isSettled = (approval: Approval | null): boolean => approval !== null && approval.state !== 'pending';

/** Asked, decided, ran, recorded: how far the harmless call has come. */
export function tryoutSteps({ approval, call, isRunning, outcome }: TryoutFacts): TryoutStep[] {
  const over = outcome !== null;
  const asked = approval !== null || over;
  const decided = isSettled(approval) || over;
  const ran = over && outcome === 'succeeded';
  const state = (done: boolean, before: boolean): TryoutStep['state'] => (done ? 'done' : !before ? 'next' : isRunning ? 'now' : 'failed');
  return [
    {
      title: 'Asked',
      detail: asked ? 'The call went through the gateway and a rule said ask.' : 'Sending a harmless command as an agent would.',
      state: state(asked, true),
    },
    {
      title: 'Decided',
      detail: decided
        ? approval === null
          ? 'It was decided.'
          : endWords(approval)
        : 'Decide it in the small window, or in the card on this page.',
      state: state(decided, asked),
    },
    {
      title: 'Ran',
      detail: ran
        ? 'In bubblewrap, once.'
        : outcome === 'failed'
          ? 'It ran, and ended with an error.'
          : over
            ? 'It did not run.'
            : 'It runs only after a yes.',
      state: state(ran, decided),
    },
    {
      title: 'Recorded',
      detail: over ? `Its rows are in the log${call === null ? '' : ', chained'}.` : 'Every step becomes a row in the audit log.',
      state: state(over, decided),
    },
  ];
}
