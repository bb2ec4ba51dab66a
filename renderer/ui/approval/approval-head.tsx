import type { ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import { targetName } from '../../lib/format.ts';
import type { Standing } from '../../lib/approval-standing.ts';
import { CountdownText } from '../countdown.tsx';
import { RiskBar } from '../risk-bar.tsx';
import { Untrusted } from '../untrusted.tsx';

export interface ApprovalHeadProps {
  readonly approval: Approval;
  readonly standing: Standing;
  /** Under what the call will run, in words; null when that is not known. */
  readonly confinement: string | null;
  readonly position?: ReactNode;
  /** 1 where the card is the page, 3 where it stands in one. */
  readonly level: 1 | 3;
}

const timeLabels = {
  pending: 'Time left to answer',
  'next-try': 'Time left to allow its next try',
  granted: 'Time left for its next try',
  over: '',
} as const;

/** Who wants what, where, how risky, and how long it can wait. */
export function ApprovalHead({ approval, standing, confinement, position, level }: ApprovalHeadProps): ReactNode {
  const Heading = level === 1 ? 'h1' : 'h3';
  const place = approval.preview.cwd ?? approval.workspace;
  return (
    <header className="flex flex-col gap-1 px-4 pt-3 pb-2.5">
      <div className="flex items-start gap-3">
        <Heading className="min-w-0 flex-1 text-title leading-[22px]">
          <Untrusted text={approval.agent} className="font-semibold" /> wants to <Untrusted text={approval.preview.summary} />
        </Heading>
        {position}
        <span className="pt-[3px]">
          <RiskBar risk={approval.risk} />
        </span>
      </div>
      <div className="flex items-start gap-3 text-sm text-ink-2">
        <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
          {place !== null && (
            <>
              in <Untrusted text={place} mono />
              {' · '}
            </>
          )}
          <Untrusted text={targetName(approval.target)} />
          {confinement !== null && ` · ${confinement}`}
          {' · '}
          <span title="The program that asks runs with your rights, outside the sandbox. Only what it does through Gatehouse is confined.">
            agent not confined
          </span>
        </p>
        {standing.kind !== 'over' && <CountdownText leftMs={standing.leftMs} label={timeLabels[standing.kind]} />}
      </div>
    </header>
  );
}
