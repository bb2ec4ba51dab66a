import type { DecidersStatus } from '../../../shared/domain/deciders.ts';
import type { Capability } from '../../../shared/domain/host.ts';
import { needsOutside, notConfigured } from './decider-rules.ts';

const words: Record<DecidersStatus['mode'], string> = {
  window: 'The operator decides, in the window or on the command line.',
  webhook: 'Somebody outside decides; the operator can only deny.',
  both: 'The operator or somebody outside decides, whoever answers first.',
  'both-required': 'Each call needs a yes from the operator and one from outside.',
};

/** Whether calls that policy asks about wait for somebody who can answer; for the status strip, Home and `doctor`. */
export function deciderCapability({ enabled, mode, channels }: DecidersStatus): Capability {
  const item = { id: 'approvals', title: 'Calls that policy asks about wait for a decision' } as const;
  if (!enabled)
    return {
      ...item,
      status: 'fail',
      evidence: 'Approval is disabled and the risk was accepted: every call that policy would ask about runs unasked, critical ones too.',
      fix: 'gatehouse config set approvals.enabled true',
    };
  const broken = channels.filter(({ state }) => state === 'broken').map(({ channel, detail }) => `${channel}: ${detail}`);
  if (needsOutside(mode) && !channels.some(({ can_decide }) => can_decide)) {
    const why = [notConfigured, ...broken].join('. ');
    return {
      ...item,
      status: 'fail',
      evidence: `${why}. Whatever policy asks about is denied.`,
      fix: 'gatehouse config set deciders.webhook.url URL',
    };
  }
  if (broken.length > 0)
    return { ...item, status: 'warn', evidence: `${words[mode]} Not usable: ${broken.join(' ')}`, fix: 'gatehouse deciders status' };
  return { ...item, status: 'pass', evidence: words[mode], fix: null };
}
