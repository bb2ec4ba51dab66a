import { useState, type ReactNode, type Ref } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { GrantEffect } from '../../../shared/domain/grant.ts';
import { whyNotAllowable, type Standing } from '../../lib/approval-standing.ts';
import { defaultDenyReason, type DecideActions } from '../../lib/use-decide.ts';
import { Button } from '../button.tsx';
import { TextInput } from '../field.tsx';
import { Kbd } from '../kbd.tsx';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';
import { AllowButton } from './allow-button.tsx';
import { Ladder } from './ladder.tsx';

export interface ApprovalActionsProps {
  readonly approval: Approval;
  readonly standing: Standing;
  readonly decide: DecideActions;
  readonly armed: boolean;
  readonly since: string;
  /** False until the whole call has been in view. */
  readonly wasReadable: boolean;
  /** True where the call scrolls: the line about it then keeps its place, so that the buttons keep theirs. */
  readonly isLong: boolean;
  /** Keys are shown, and only work, where one card has the window to itself. */
  readonly showKeys: boolean;
  readonly denyRef?: Ref<HTMLButtonElement>;
  /** The button that opens the ladder, for its key. */
  readonly forRef?: Ref<HTMLButtonElement>;
  readonly onLater?: () => void;
  readonly onDismiss?: () => void;
}

export const unreadReason = 'More of the call is below. Scroll to its end to allow it.';

/** Whether Allow is blocked, and the words for it. */
export function blockedReason(approval: Approval, standing: Standing, wasReadable: boolean): string | null {
  return whyNotAllowable(approval, standing) ?? (wasReadable ? null : unreadReason);
}

function StandingNotice({ approval, standing }: { readonly approval: Approval; readonly standing: Standing }): ReactNode {
  if (standing.kind === 'pending') return null;
  if (standing.kind === 'granted')
    return <Notice tone="neutral">Its next identical call will be allowed once. The request itself stays as it ended.</Notice>;
  return (
    <Notice tone="neutral">
      <Untrusted text={standing.kind === 'next-try' ? `${standing.words} You can still allow its next identical call.` : standing.words} />
      {approval.decision !== null && approval.decision.channel !== 'gateway' && approval.decision.reason !== '' && (
        <>
          {' '}
          <Untrusted text={approval.decision.reason} className="text-ink-2" />
        </>
      )}
    </Notice>
  );
}

/** The buttons, and under them the ladder of what counts for longer. */
export function ApprovalActions(props: ApprovalActionsProps): ReactNode {
  const { approval, standing, decide, armed, since, wasReadable, isLong, showKeys, denyRef, forRef, onLater, onDismiss } = props;
  const [reason, setReason] = useState<string | null>(null);
  const [ladder, setLadder] = useState<GrantEffect | null>(null);
  const busy = decide.busy === approval.id;
  const failure = decide.failures[approval.id];
  const blocked = blockedReason(approval, standing, wasReadable);
  const isPending = standing.kind === 'pending';
  const allow = { armed, since, blocked, busy, critical: approval.risk === 'critical', showKey: showKeys };
  const deny = (): void => decide.deny(approval, reason ?? '');
  return (
    <div className="flex flex-col gap-2 px-4 py-3">
      <StandingNotice approval={approval} standing={standing} />
      {failure !== undefined && (
        <div role="alert">
          <Notice tone="deny">
            <Untrusted text={failure} />
          </Notice>
        </div>
      )}
      {(blocked !== null || isLong) && (isPending || standing.kind === 'next-try') && (
        <p className={blocked === null ? 'text-sm text-ink-3' : 'text-sm text-ask'}>{blocked ?? 'Its end has been in view.'}</p>
      )}
      {reason !== null && isPending && (
        <TextInput
          autoFocus
          aria-label="Reason told to the agent"
          placeholder={defaultDenyReason}
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.repeat) deny();
            if (event.key === 'Escape') setReason(null);
          }}
        />
      )}
      <div className="flex items-center gap-2">
        {isPending && (
          <Button ref={denyRef} disabled={busy} onClick={deny} className="font-semibold focus-visible:outline-2">
            Deny {showKeys && <Kbd>D</Kbd>}
          </Button>
        )}
        {isPending && <AllowButton {...allow} label="Allow once" onAllow={() => decide.approve(approval)} />}
        {isPending && approval.risk !== 'critical' && (
          <Button
            ref={forRef}
            aria-expanded={ladder === 'allow'}
            disabled={busy}
            onClick={() => setLadder(ladder === 'allow' ? null : 'allow')}
          >
            Allow for… {showKeys && <Kbd>F</Kbd>}
          </Button>
        )}
        {standing.kind === 'next-try' && <AllowButton {...allow} label="Allow its next try" onAllow={() => decide.pregrant(approval)} />}
        <span className="flex-1" />
        {isPending && reason === null && (
          <Button tone="quiet" className="px-2" disabled={busy} onClick={() => setReason('')}>
            Deny with…
          </Button>
        )}
        {isPending && reason !== null && (
          <Button
            tone="quiet"
            className="px-2"
            aria-expanded={ladder === 'deny'}
            disabled={busy}
            onClick={() => setLadder(ladder === 'deny' ? null : 'deny')}
          >
            Deny for…
          </Button>
        )}
        {isPending && onLater !== undefined && (
          <Button tone="quiet" className="px-2" onClick={onLater}>
            Later {showKeys && <Kbd>L</Kbd>}
          </Button>
        )}
        {!isPending && onDismiss !== undefined && (
          <Button ref={denyRef} onClick={onDismiss}>
            Close {showKeys && <Kbd>L</Kbd>}
          </Button>
        )}
      </div>
      {isPending && ladder !== null && (
        <Ladder
          key={ladder}
          effect={ladder}
          approval={approval}
          since={since}
          blocked={ladder === 'allow' ? blocked : null}
          busy={busy}
          onClose={() => setLadder(null)}
          onDecide={(extent) => (ladder === 'allow' ? decide.approve(approval, extent) : decide.deny(approval, reason ?? '', extent))}
        />
      )}
    </div>
  );
}
