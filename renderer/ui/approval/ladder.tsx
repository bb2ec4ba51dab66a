import { useId, useState, type ReactNode } from 'react';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { GrantBreadth, GrantEffect, GrantOffer } from '../../../shared/domain/grant.ts';
import { forWords, longerNames, type Longer } from '../../lib/grant-words.ts';
import { useOperation } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import type { ChosenExtent } from '../../lib/use-decide.ts';
import { ErrorState } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';
import { AllowButton } from './allow-button.tsx';
import { Choice } from './choice.tsx';
import { RuleDiff } from './rule-diff.tsx';

export interface LadderProps {
  readonly effect: GrantEffect;
  readonly approval: Approval;
  /** Names the arming period of the card; when it changes this arms anew too. */
  readonly since: string;
  readonly blocked: string | null;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onDecide: (extent: ChosenExtent) => void;
}

const breadthNames: Record<GrantBreadth, string> = { exact: 'This exact call', similar: 'Calls like it' };
const verbs: Record<GrantEffect, string> = { allow: 'Allow', deny: 'Deny' };

const isLonger = (duration: string): duration is Longer => duration !== 'once';
const lasting = (offer: GrantOffer): readonly Longer[] => offer.durations.filter(isLonger);

/** How long a decision counts, and over what: the rule in words, then for how long. */
export function Ladder(props: LadderProps): ReactNode {
  const { effect, approval, onClose } = props;
  const offers = useOperation('approvals.offers', { id: approval.id });
  const config = useOperation('config.get', {});
  const usable = offers.data?.offers.filter((offer) => offer.effect === effect && lasting(offer).length > 0) ?? [];
  // Of the settings only the default is wanted; without them there is still one.
  const set = config.data?.settings.approvals[effect === 'allow' ? 'allow_for' : 'deny_for'] ?? 'once';
  return (
    <section
      aria-label={`${verbs[effect]} for longer`}
      className="flex flex-col gap-2.5 border-t border-hairline pt-2.5"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      {offers.isError && <ErrorState error={offers.error} retry={() => void offers.refetch()} />}
      {offers.isSuccess && usable.length === 0 && <p className="text-sm text-ink-2">This is asked each time, so the answer counts once.</p>}
      {offers.isSuccess && usable.length > 0 && !config.isPending && (
        <Rungs {...props} usable={usable} answer={offers.data} preset={set === 'once' ? '15m' : set} />
      )}
    </section>
  );
}

interface RungsProps extends LadderProps {
  readonly usable: readonly GrantOffer[];
  readonly answer: OutputOf<'approvals.offers'>;
  readonly preset: Longer;
}

function Rungs({ effect, approval, since, blocked, busy, onDecide, usable, answer, preset }: RungsProps): ReactNode {
  const name = useId();
  const [breadth, setBreadth] = useState<GrantBreadth>('exact');
  const [wanted, setWanted] = useState<Longer>(preset);
  // The hash of the rule that was asked for once; a rule that has changed since is asked for anew.
  const [asked, setAsked] = useState<string | null>(null);
  const offer = usable.find((one) => one.breadth === breadth) ?? usable[0];
  const durations = offer === undefined ? [] : lasting(offer);
  const duration = durations.includes(wanted) ? wanted : (durations[0] ?? 'task');
  const needsSecond = duration === 'always' && asked !== offer?.hash;
  // SECURITY: whatever is chosen anew, and the second press for a rule, arms anew: a click meant for one thing does not give another.
  const arming = useArming(`${since}:${approval.digest}:${offer?.hash ?? ''}:${duration}:${String(needsSecond)}`);
  if (offer === undefined) return null;
  const words = `${verbs[effect]} ${forWords(duration, answer.until_quit_is)}`;
  const press = (): void => {
    if (needsSecond) setAsked(offer.hash);
    else onDecide({ duration, breadth: offer.breadth, hash: offer.hash });
  };
  return (
    <>
      {usable.length > 1 && (
        <Choice
          legend="Over what"
          name={`${name}-breadth`}
          value={offer.breadth}
          options={usable.map((one) => [one.breadth, breadthNames[one.breadth]] as const)}
          onChange={setBreadth}
        />
      )}
      <p className="[overflow-wrap:anywhere]">
        <Untrusted text={offer.sentence} />
        {usable.length === 1 && offer.breadth === 'exact' && <span className="text-ink-3"> Only this exact call.</span>}
      </p>
      <Choice
        legend="For how long"
        name={`${name}-duration`}
        focused
        value={duration}
        options={durations.map((one) => [one, longerNames[one]] as const)}
        onChange={(next) => {
          setWanted(next);
          setAsked(null);
        }}
      />
      {answer.until_quit_is === '1h' && durations.includes('until-quit') && (
        <p className="text-sm text-ink-2">
          Until quit is 1 h here: <Untrusted text={answer.why ?? 'nothing on this machine tells of a locked screen.'} />
        </p>
      )}
      {duration === 'always' && offer.diff !== null && <RuleDiff diff={offer.diff} />}
      <div className="flex items-center gap-3">
        <AllowButton
          label={duration === 'always' ? (needsSecond ? `${words}…` : `Write the rule and ${effect}`) : words}
          armed={arming.armed}
          since={arming.since}
          blocked={blocked}
          busy={busy}
          critical={effect === 'deny'}
          showKey={false}
          onAllow={press}
        />
        <p className="min-w-0 text-sm text-ink-3">
          {duration === 'always'
            ? needsSecond
              ? 'Asks once more before it is written.'
              : 'Press again: policy.yaml gains the rule above.'
            : `Use does not prolong it. Ends early at ${answer.until_quit_is === '1h' ? 'quit' : 'screen lock or quit'}.`}
        </p>
      </div>
    </>
  );
}
