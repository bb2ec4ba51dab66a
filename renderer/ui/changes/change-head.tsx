import type { ReactNode } from 'react';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { heldSentence, waitingOf } from '../../lib/change-words.ts';
import { Time } from '../time.tsx';
import { Untrusted } from '../untrusted.tsx';

export interface ChangeHeadProps {
  readonly set: ChangeSet;
  readonly now: number;
  readonly position?: ReactNode;
  /** 1 where the card is the page, 3 where it stands in one. */
  readonly level: 1 | 3;
}

/** Who changed what, by which command, where. */
export function ChangeHead({ set, now, position, level }: ChangeHeadProps): ReactNode {
  const Heading = level === 1 ? 'h1' : 'h3';
  const waiting = waitingOf(set);
  return (
    <header className="flex flex-col gap-1 px-4 pt-3 pb-2.5">
      <div className="flex items-start gap-3">
        <Heading className="min-w-0 flex-1 text-title leading-[22px]">
          <Untrusted text={set.agent} className="font-semibold" /> {heldSentence(waiting.length > 0 ? waiting : set.entries)}
        </Heading>
        {position}
      </div>
      <div className="flex items-start gap-3 text-sm text-ink-2">
        <p className="line-clamp-3 min-w-0 flex-1 [overflow-wrap:anywhere]">
          by <Untrusted text={set.summary} mono className="text-ink" /> in <Untrusted text={set.workspace} mono />
        </p>
        <Time iso={set.created_at} now={now} />
      </div>
    </header>
  );
}
