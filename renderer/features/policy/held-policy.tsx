import type { ReactNode } from 'react';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

export interface HeldPolicyProps {
  readonly inForce: string;
  readonly held: NonNullable<OutputOf<'policy.get'>['held']>;
}

/** What another program put on disk: shown as a difference, inactive until it is accepted (THREATS rule 21). */
export function HeldPolicy({ inForce, held }: HeldPolicyProps): ReactNode {
  const accept = useCommand('policy.accept');
  const isBroken = held.problems.length > 0;
  return (
    <section
      aria-label="Change that waits for you"
      className="flex flex-col gap-3 rounded-md bg-surface p-4 shadow-[inset_0_0_0_1px_var(--color-ask)]"
    >
      <Notice tone="ask">
        {held.text === null ? 'The file was removed by another program.' : 'The file was changed by another program.'} The policy below
        stays in force until you accept what is on disk.
      </Notice>
      {isBroken && (
        <Notice tone="deny">
          <ul className="max-h-32 overflow-y-auto" tabIndex={0} aria-label="Mistakes">
            {held.problems.map((problem, index) => (
              <li key={index}>
                {problem.line !== null && `Line ${problem.line}: `}
                <Untrusted text={`${problem.path}: ${problem.message}`} />
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <div className="max-h-96 overflow-y-auto" tabIndex={0} role="region" aria-label="Difference">
        <DiffView before={inForce} after={held.text ?? ''} />
      </div>
      {accept.isError && <Notice tone="deny">{accept.error.message}</Notice>}
      <div className="flex items-center gap-3">
        <Button tone="primary" disabled={accept.isPending || isBroken} onClick={() => accept.mutate({ version: held.version })}>
          Accept version {held.version.slice(0, 12)}
        </Button>
        {isBroken && <span className="text-ink-3">It has mistakes, so it cannot be accepted. Mend the file first.</span>}
      </div>
    </section>
  );
}
