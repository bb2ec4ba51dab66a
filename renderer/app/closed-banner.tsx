import { CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useOperation } from '../lib/operations.ts';
import { messageOf } from '../lib/operation-error.ts';
import { Untrusted } from '../ui/untrusted.tsx';

/** On every page while the gateway takes no calls, or does not answer. */
export function ClosedBanner(): ReactNode {
  const status = useOperation('status.get', {});
  const words = status.isError
    ? messageOf(status.error)
    : status.data?.state === 'closed'
      ? (status.data.state_reason ?? 'It takes no calls.')
      : null;
  if (words === null) return null;
  return (
    <div role="alert" className="flex shrink-0 items-center gap-2 bg-deny-wash px-6 py-2">
      <CircleX size={16} className="shrink-0 text-deny" aria-hidden="true" />
      <p>
        <span className="font-semibold text-deny">{status.isError ? 'No answer.' : 'The gateway is closed.'}</span>{' '}
        <Untrusted text={words} />
      </p>
    </div>
  );
}
