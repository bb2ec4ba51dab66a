import type { ReactNode } from 'react';
import type { ConnectPlan } from '../../../shared/domain/host.ts';
import { CopyLine } from '../../ui/copy-button.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

/** What connecting changes: every file as a difference, and the commands that do the same by hand. */
export function PlanView({ plan }: { readonly plan: ConnectPlan }): ReactNode {
  return (
    <div className="flex flex-col gap-4">
      {plan.notes.map((note) => (
        <Notice key={note} tone="neutral">
          <Untrusted text={note} />
        </Notice>
      ))}
      {plan.files.map((file) => (
        <section
          key={file.path}
          aria-label={file.path}
          className="rounded-md bg-surface p-3 shadow-[inset_0_0_0_1px_var(--color-hairline)]"
        >
          <div className="pb-2 [overflow-wrap:anywhere]">
            <Untrusted text={file.path} mono className="text-sm font-medium" />
            {file.backup !== null && (
              <div className="text-sm text-ink-3">
                The old file is kept as <Untrusted text={file.backup} mono />
              </div>
            )}
          </div>
          <DiffView before={file.before} after={file.after} />
        </section>
      ))}
      {plan.commands.length > 0 && (
        <section aria-label="By hand" className="flex flex-col gap-2">
          <h3 className="font-medium">{plan.files.length > 0 ? 'Or by hand' : 'By hand'}</h3>
          {plan.commands.map((step) => (
            <div key={step.label} className="flex flex-col gap-1">
              <span className="text-sm text-ink-3">{step.label}</span>
              <CopyLine text={step.command} />
            </div>
          ))}
        </section>
      )}
    </div>
  );
}
