import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Capability } from '../../../shared/domain/host.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { CopyLine } from '../../ui/copy-button.tsx';
import { cx } from '../../ui/cx.ts';
import { PageSection } from '../../ui/page.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

const marks = {
  pass: { icon: CircleCheck, tint: 'text-allow', word: 'Works' },
  warn: { icon: TriangleAlert, tint: 'text-ask', word: 'Limited' },
  fail: { icon: CircleX, tint: 'text-deny', word: 'Fails' },
  unknown: { icon: CircleHelp, tint: 'text-ink-3', word: 'Unknown' },
} as const;

function Line({ item }: { readonly item: Capability }): ReactNode {
  const { icon: Icon, tint, word } = marks[item.status];
  return (
    <li className="grid grid-cols-[84px_minmax(0,1fr)] gap-3 border-t border-hairline py-2 first:border-t-0">
      <span className={cx('flex items-center gap-1.5 self-start font-medium', tint, item.status === 'unknown' && 'hatched rounded-sm')}>
        <Icon size={16} aria-hidden="true" />
        {word}
      </span>
      <div className="flex min-w-0 flex-col gap-1">
        <p className="font-medium">{item.title}</p>
        <Untrusted text={item.evidence} className="text-ink-2 [overflow-wrap:anywhere]" />
        {item.fix !== null && <CopyLine text={item.fix} />}
      </div>
    </li>
  );
}

/** What this machine can enforce: what was tried, what came back, and how to mend it. What fails comes first. */
export function Machine({ items }: { readonly items: readonly Capability[] }): ReactNode {
  const check = useCommand('doctor.run');
  const order = { fail: 0, warn: 1, unknown: 2, pass: 3 } as const;
  const sorted = [...(check.data?.items ?? items)].sort((a, b) => order[a.status] - order[b.status]);
  const passed = sorted.filter((item) => item.status === 'pass').length;
  return (
    <PageSection
      title="What this machine can enforce"
      note={`${passed} of ${sorted.length}`}
      actions={
        <Button size="small" tone="quiet" disabled={check.isPending} onClick={() => check.mutate({})}>
          {check.isPending ? 'Checking' : 'Check again'}
        </Button>
      }
    >
      {check.isError && <Notice tone="deny">{check.error.message}</Notice>}
      <ul>
        {sorted.map((item) => (
          <Line key={item.id} item={item} />
        ))}
      </ul>
    </PageSection>
  );
}
