import type { ReactNode } from 'react';
import type { GatewayStatus } from '../../../shared/domain/host.ts';
import { counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { PageLink } from '../../ui/page-link.tsx';
import { PageSection } from '../../ui/page.tsx';
import { Notice } from '../../ui/states.tsx';

/** Commands that run in anything but bubblewrap are said on Home, too; what is refused stands in the list of what this machine can enforce. */
function sandboxTrouble({ effective, reason_for_downgrade }: GatewayStatus['sandbox']): { tone: 'deny' | 'ask'; words: string } | null {
  if (effective === 'none') return { tone: 'deny', words: 'The sandbox is off: commands run as you, without any isolation.' };
  if (effective === 'allowlist')
    return {
      tone: 'ask',
      words: `There is no sandbox, so only a short list of commands runs: ${reason_for_downgrade ?? 'bubblewrap does not work here'}.`,
    };
  return null;
}

/** What is wrong and who must act; nothing is shown when nothing is. The closed gateway has a banner on every page. */
export function Wrong(): ReactNode {
  const status = useOperation('status.get', {});
  const policy = useOperation('policy.get', {});
  const settings = useOperation('config.get', {});
  const found: {
    readonly key: string;
    readonly tone: 'deny' | 'ask';
    readonly words: string;
    readonly to: string;
    readonly where: string;
  }[] = [];
  if (status.data?.audit.ok === false) {
    found.push({ key: 'audit', tone: 'deny', words: 'The audit log did not verify.', to: '/audit', where: 'See which rows' });
  }
  const sandbox = status.data === undefined ? null : sandboxTrouble(status.data.sandbox);
  if (sandbox !== null) found.push({ key: 'sandbox', ...sandbox, to: '/settings', where: 'See the setting' });
  const approvals = status.data?.capabilities.find(({ id }) => id === 'approvals');
  if (approvals?.status === 'fail')
    found.push({ key: 'approvals', tone: 'deny', words: approvals.evidence, to: '/settings', where: 'See the setting' });
  const state = policy.data?.status.state;
  const problems = counted(policy.data?.status.problems.length ?? 0, 'mistake');
  if (state === 'deny_all')
    found.push({
      key: 'policy',
      tone: 'deny',
      words: `Every call is denied: no policy could be loaded (${problems}).`,
      to: '/policy',
      where: 'See the lines',
    });
  if (state === 'last_good')
    found.push({
      key: 'policy',
      tone: 'ask',
      words: `policy.yaml has ${problems}; its last good version stays in force.`,
      to: '/policy',
      where: 'See the lines',
    });
  if (policy.data !== undefined && policy.data.held !== null) {
    found.push({
      key: 'held',
      tone: 'ask',
      words: 'Another program changed policy.yaml. The change is inactive until you accept it.',
      to: '/policy',
      where: 'See the difference',
    });
  }
  if (settings.data !== undefined && settings.data.held !== null) {
    found.push({
      key: 'held-settings',
      tone: 'ask',
      words: 'Another program changed settings.json. The change is inactive until you accept it.',
      to: '/settings',
      where: 'See the difference',
    });
  }
  if (found.length === 0) return null;
  return (
    <PageSection title="Wrong">
      <div className="flex max-w-[760px] flex-col gap-2">
        {found.map((item) => (
          <Notice key={item.key} tone={item.tone}>
            {item.words}{' '}
            <PageLink to={item.to} className="decoration-current">
              {item.where}
            </PageLink>
          </Notice>
        ))}
      </div>
    </PageSection>
  );
}
