import { ShieldCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { count } from '../../lib/format.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/states.tsx';

const anchors = {
  none: 'No anchor outside of the database.',
  file: 'Its head matches the anchor file.',
  keychain: 'Its head matches the keychain.',
} as const;

/** The command, and what it found. */
export function useVerification(): { readonly button: ReactNode; readonly result: ReactNode } {
  const verify = useCommand('audit.verify');
  const button = (
    <Button disabled={verify.isPending} onClick={() => verify.mutate({})} icon={<ShieldCheck size={16} aria-hidden="true" />}>
      {verify.isPending ? 'Verifying' : 'Verify the chain'}
    </Button>
  );
  let result: ReactNode = null;
  if (verify.isError) result = <Notice tone="deny">{verify.error.message}</Notice>;
  else if (verify.data !== undefined) {
    const { ok, events, head, anchor, problems } = verify.data;
    result = ok ? (
      <Notice tone="neutral">
        Complete and unchanged: {count(events)} rows, head <span className="machine">{head.hash.slice(0, 16)}</span>. {anchors[anchor]}
      </Notice>
    ) : (
      <Notice tone="deny">
        The chain does not verify:{' '}
        {problems
          .slice(0, 5)
          .map((problem) => `row ${problem.seq} ${problem.kind.replace('_', ' ')}`)
          .join(', ')}
        {problems.length > 5 && ` and ${count(problems.length - 5)} more`}. Keep a copy of the data directory before anything else.
      </Notice>
    );
  }
  return {
    button,
    result:
      result === null ? null : (
        <div role="status" className="px-6 pb-3">
          {result}
        </div>
      ),
  };
}
