import type { Approval } from '../../../shared/domain/approval.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { Grant, GrantBreadth, GrantDuration, GrantEffect, GrantOffer } from '../../../shared/domain/grant.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import { AppError } from '../../../shared/errors.ts';
import { JsonObject } from '../../../shared/json.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import { judgedCall } from '../policy/judged-call.ts';
import type { Policy } from '../policy/policy.ts';
import type { SessionWatch } from '../ports/session-watch.ts';
import type { Store } from '../ports/store.ts';
import type { ApprovalBroker } from './approval-broker.ts';
import type { DecidedApproval, DecideRequest } from './waiting-requests.ts';
import type { AskedCall } from './asked-call.ts';
import { isGrantable } from './grantable.ts';
import type { Grants } from './grants.ts';
import { suggestRule } from './suggest-rule.ts';

/** How long a decision is to count, and over what. */
export interface Extent {
  readonly duration: GrantDuration;
  readonly breadth: GrantBreadth;
  /** Of the offer that was shown; `always` needs it. */
  readonly hash?: Digest | undefined;
}

export interface LongerDecision {
  readonly decided: DecidedApproval;
  readonly grant: Grant | null;
  /** The id of the rule that policy.yaml gained. */
  readonly rule: string | null;
}

/** Decisions that count for longer than one call: offered as the rule that they are, and given only as they were offered (F51). */
export interface LongerDecisions {
  /** Errors: `not_found`. */
  offers(
    id: Approval['id'],
  ): Promise<{ readonly offers: readonly GrantOffer[]; readonly until_quit_is: '1h' | 'until-quit'; readonly why: string | null }>;
  /** Errors: those of `ApprovalBroker.decide`; `conflict` when the offer is no longer what was shown; `invalid_input` for an extent that is not offered. */
  decide(request: DecideRequest, extent: Extent): Promise<LongerDecision>;
}

export interface LongerDecisionsDeps {
  readonly broker: Pick<ApprovalBroker, 'get' | 'decide'>;
  readonly grants: Grants;
  readonly policy: Pick<Policy, 'previewRule' | 'appendRule' | 'status'>;
  readonly store: Pick<Store, 'call'>;
  readonly watch: Pick<SessionWatch, 'status'>;
  /** Whether the operator alone decides; where somebody else must agree, a yes of theirs alone leaves nothing behind. */
  readonly decidesAlone: () => boolean;
}

const breadths: readonly GrantBreadth[] = ['exact', 'similar'];

export function createLongerDecisions(deps: LongerDecisionsDeps): LongerDecisions {
  const { broker, grants, policy, watch } = deps;

  function offer(approval: Approval, call: CallRecord, effect: GrantEffect, breadth: GrantBreadth): GrantOffer | null {
    const judged = judgedCall(call);
    const suggested = judged === null ? null : suggestRule(judged, effect, breadth);
    if (suggested === null) return null;
    const rule = answering(suggested.rule, approval);
    const isOpen = isGrantable(effect, approval) && (effect === 'deny' || deps.decidesAlone());
    const diff = isOpen ? diffOf(rule) : null;
    const durations: GrantDuration[] = isOpen
      ? ['once', 'task', '15m', '1h', 'until-quit', ...(diff === null ? [] : (['always'] as const))]
      : ['once'];
    const { version } = policy.status();
    const hash = sha256Hex(canonicalJson(JsonObject.parse({ effect, breadth, rule, digest: approval.digest, diff, version })));
    return { effect, breadth, sentence: suggested.sentence, rule, durations, hash, diff, policy_version: version };
  }

  /** Null where the file cannot take the rule: it would change another's meaning, or the file is not in order. */
  function diffOf(rule: PolicyRule): string | null {
    try {
      const change = policy.previewRule(rule);
      return change.ok ? change.diff : null;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  async function offersOf(approval: Approval): Promise<readonly GrantOffer[]> {
    const call = await deps.store.call(approval.call_id);
    if (call === null) return [];
    const all = (['allow', 'deny'] as const).flatMap((effect) => breadths.map((breadth) => offer(approval, call, effect, breadth)));
    const offers = all.filter((each) => each !== null);
    // Where both say the same, one is enough.
    return offers.filter(
      (each) =>
        each.breadth === 'exact' ||
        !offers.some((other) => other.breadth === 'exact' && other.effect === each.effect && other.sentence === each.sentence),
    );
  }

  async function chosen(approval: Approval, effect: GrantEffect, extent: Extent): Promise<GrantOffer> {
    const found = (await offersOf(approval)).find((each) => each.effect === effect && each.breadth === extent.breadth);
    if (found?.durations.includes(extent.duration) !== true)
      throw new AppError(
        'invalid_input',
        `This decision cannot count for ${extent.duration}: ${whyOnlyOnce(approval, deps.decidesAlone())}`,
      );
    if (extent.duration === 'always' && extent.hash === undefined)
      throw new AppError(
        'invalid_input',
        'A rule for always is given by the hash of what was shown (--confirm, see: gatehouse approvals show).',
      );
    if (extent.hash !== undefined && extent.hash !== found.hash)
      throw new AppError('conflict', 'What this would become has changed since it was shown. Look at it again.');
    return found;
  }

  return {
    async offers(id) {
      const { tellsLock, why } = watch.status();
      return { offers: await offersOf(await broker.get(id)), until_quit_is: tellsLock ? 'until-quit' : '1h', why };
    },

    async decide(request, extent) {
      const effect: GrantEffect = request.result === 'approved' ? 'allow' : 'deny';
      if (extent.duration === 'once') return { decided: await broker.decide(request), grant: null, rule: null };
      const approval = await broker.get(request.id);
      const { rule, sentence, policy_version } = await chosen(approval, effect, extent);
      const call = await deps.store.call(approval.call_id);
      const decided = await broker.decide(request);
      if (extent.duration === 'always') {
        const change = await policy.appendRule(rule, policy_version, 'approval');
        if (!change.ok)
          throw new AppError('conflict', 'The call was decided once; the rule did not go into the policy, which has changed. Look at it.');
        return { decided, grant: null, rule: rule.id };
      }
      // SECURITY: where nobody would tell of a locked screen, nothing lasts until one.
      const duration = extent.duration === 'until-quit' && !watch.status().tellsLock ? '1h' : extent.duration;
      const grant = await grants.give({
        effect,
        sentence,
        rule,
        call_digest: extent.breadth === 'exact' ? approval.call_digest : null,
        duration,
        channel: request.channel,
        approval_id: approval.id,
        call: call as AskedCall,
      });
      return { decided, grant, rule: null };
    },
  };
}

/** An `always` answers the rule that asked; without that the strictest would go on asking. */
function answering(rule: PolicyRule, approval: Approval): PolicyRule {
  return rule.effect === 'allow' && !approval.rule.startsWith('builtin:') ? { ...rule, overrides: [approval.rule] } : rule;
}

function whyOnlyOnce(approval: Approval, decidesAlone: boolean): string {
  if (approval.risk === 'critical') return 'a call of critical risk is decided each time.';
  if (!decidesAlone) return 'another decider must agree each time (approvals.mode).';
  if (!isGrantable('allow', approval)) return `${approval.rule} asks each time.`;
  return 'no rule can be written for what it does.';
}
