import { OctagonX } from 'lucide-react';
import type { ReactNode } from 'react';
import { clockTime } from '../lib/format.ts';
import { messageOf } from '../lib/operation-error.ts';
import { useCommand, useOperation } from '../lib/operations.ts';
import { Button } from '../ui/button.tsx';
import { Untrusted } from '../ui/untrusted.tsx';

/** On every page while everything is stopped, with the way back. */
export function PanicBanner(): ReactNode {
  const status = useOperation('status.get', {});
  const release = useCommand('panic.release');
  const panic = status.data?.panic ?? null;
  if (panic === null) return null;
  return (
    <div role="alert" className="flex shrink-0 items-center gap-2 bg-deny-wash px-6 py-2">
      <OctagonX size={16} className="shrink-0 text-deny" aria-hidden="true" />
      <p className="flex-1">
        <span className="font-semibold text-deny">Everything is stopped</span> since {clockTime(panic.since)}. No call is taken.
        {release.isError && (
          <>
            {' '}
            <Untrusted text={messageOf(release.error)} />
          </>
        )}
      </p>
      <Button onClick={() => release.mutate({})} disabled={release.isPending}>
        Take calls again
      </Button>
    </div>
  );
}
