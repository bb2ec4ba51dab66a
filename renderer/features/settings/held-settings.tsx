import type { ReactNode } from 'react';
import type { Settings } from '../../../shared/domain/settings.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Notice } from '../../ui/states.tsx';

export interface HeldSettingsProps {
  readonly inForce: Settings;
  readonly held: Settings;
}

const asText = (settings: Settings): string => `${JSON.stringify(settings, null, 2)}\n`;

/** What another program put on disk: shown as a difference, inactive until it is accepted (THREATS rule 21). */
export function HeldSettings({ inForce, held }: HeldSettingsProps): ReactNode {
  const accept = useCommand('config.accept');
  return (
    <section
      aria-label="Change that waits for you"
      className="mx-6 mb-4 flex flex-col gap-3 rounded-md bg-surface p-4 shadow-[inset_0_0_0_1px_var(--color-ask)]"
    >
      <Notice tone="ask">
        settings.json was changed by another program. The settings below stay in force until you accept what is on disk.
      </Notice>
      <DiffView before={asText(inForce)} after={asText(held)} />
      {accept.isError && <Notice tone="deny">{accept.error.message}</Notice>}
      <Button tone="primary" className="self-start" disabled={accept.isPending} onClick={() => accept.mutate({})}>
        Accept what is on disk
      </Button>
    </section>
  );
}
