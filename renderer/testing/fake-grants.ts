import type { Topic } from '../../shared/contract/contract.ts';
import type { Approval } from '../../shared/domain/approval.ts';
import type { Grant, GrantBreadth, GrantDuration, GrantEffect, GrantId, GrantOffer } from '../../shared/domain/grant.ts';
import { ago, ahead, approvalId, digest, taskId, tokenId } from './fake-ids.ts';
import type { FakeWorld, Handlers } from './fake-world.ts';

const grantId = (seed: number): GrantId => `gnt_${seed.toString(36).padStart(16, '0')}` as GrantId;

const names = {
  allow: { exact: 'Let Claude Code run exactly this command in ~/code/shop.', similar: 'Let Claude Code run npm publish in ~/code/shop.' },
  deny: {
    exact: 'Refuse Claude Code to run exactly this command in ~/code/shop.',
    similar: 'Refuse Claude Code to run npm publish in ~/code/shop.',
  },
} as const;

function offer(approval: Approval, effect: GrantEffect, breadth: GrantBreadth): GrantOffer {
  const sentence = names[effect][breadth];
  const rule: GrantOffer['rule'] = { id: `${effect}-bash-4c1f09ab`, effect, reason: sentence, agents: ['Claude Code'], tools: ['bash'] };
  const isOnce = effect === 'allow' && approval.risk === 'critical';
  const added = [`- id: ${rule.id}`, `  effect: ${effect}`, '  agents: [Claude Code]', '  tools: [bash]', `  reason: ${sentence}`];
  const durations: GrantDuration[] = isOnce ? ['once'] : ['once', 'task', '15m', '1h', 'until-quit', 'always'];
  return {
    effect,
    breadth,
    sentence,
    rule,
    durations,
    hash: digest((effect === 'allow' ? 300 : 320) + (breadth === 'exact' ? 1 : 2)),
    diff: isOnce ? null : ['--- policy.yaml', '+++ policy.yaml', '@@ -14,0 +15,5 @@', ...added.map((line) => `+  ${line}`), ''].join('\n'),
    policy_version: '4c1f09ab77de',
  };
}

/** Decisions that still count, as the list shows them: with a time, with a task, and a refusal. */
export function fakeGrants(): Grant[] {
  const base: Grant = {
    id: grantId(1),
    effect: 'allow',
    sentence: names.allow.similar,
    rule: { id: 'allow-bash-4c1f09ab', effect: 'allow', reason: names.allow.similar, tools: ['bash'] },
    call_digest: null,
    duration: '15m',
    token_id: tokenId(1),
    task_id: null,
    approval_id: approvalId(30),
    channel: 'window',
    created_at: ago(300),
    expires_at: ahead(599),
    uses: 3,
    last_used_at: ago(40),
  };
  return [
    base,
    {
      ...base,
      id: grantId(2),
      sentence: 'Let Codex run git commit in ~/code/api.',
      duration: 'task',
      task_id: taskId(2),
      expires_at: null,
      uses: 1,
    },
    {
      ...base,
      id: grantId(3),
      effect: 'deny',
      sentence: names.deny.similar,
      duration: 'until-quit',
      expires_at: null,
      uses: 0,
      last_used_at: null,
    },
  ];
}

type Names = 'approvals.offers' | 'grants.list' | 'grants.revoke';

/** What the fake gateway offers and remembers. */
export function createGrantHandlers(world: FakeWorld, push: (topic: Topic) => void): Pick<Handlers, Names> {
  return {
    'approvals.offers': ({ id }) => {
      const approval = world.approvals.find((one) => one.id === id);
      if (approval === undefined) throw new Error('There is no such request.');
      const effects = ['allow', 'deny'] as const;
      const offers = effects.flatMap((effect) => [offer(approval, effect, 'exact'), offer(approval, effect, 'similar')]);
      return world.tellsLock
        ? { offers, until_quit_is: 'until-quit', why: null }
        : { offers, until_quit_is: '1h', why: 'no session bus answers, so nothing tells of a locked screen.' };
    },
    'grants.list': () => ({ grants: world.grants }),
    'grants.revoke': ({ id }) => {
      const found = world.grants.find((grant) => grant.id === id);
      if (found === undefined) throw new Error('There is no such grant.');
      world.grants = world.grants.filter((grant) => grant !== found);
      push('grants');
      return found;
    },
  };
}
