import { ArrowLeft } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { ClientKind } from '../../../shared/domain/host.ts';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Switch } from '../../ui/field.tsx';
import { Page, PageSection } from '../../ui/page.tsx';
import { ErrorState, Loading, Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { draftProblem, emptyDraft, MintForm, mintRequest } from './mint-form.tsx';
import { MintedTokenView } from './minted-token.tsx';
import { PlanView } from './plan-view.tsx';

function Done({
  kind,
  title,
  done,
  onClose,
}: {
  readonly kind: ClientKind;
  readonly title: string;
  readonly done: OutputOf<'clients.connect'>;
  readonly onClose: () => void;
}): ReactNode {
  const undo = useCommand('clients.undo');
  return (
    <PageSection title="Done">
      <div className="flex max-w-[640px] flex-col gap-4">
        <p>
          {title} is set up. Restart it if it is running; it appears on Home when it connects.
          {done.backups.length > 0 && ' The old files are kept:'}
        </p>
        {done.backups.map((backup) => (
          <Untrusted key={backup} text={backup} mono className="text-sm text-ink-2" />
        ))}
        <MintedTokenView minted={done.token} />
        {undo.isError && <Notice tone="deny">{undo.error.message}</Notice>}
        {undo.isSuccess && (
          <Notice tone="neutral">
            Restored: <Untrusted text={undo.data.restored.join(', ')} mono />. Its token still works until you revoke it.
          </Notice>
        )}
        <div className="flex gap-2">
          <Button tone="primary" onClick={onClose}>
            Back to agents
          </Button>
          {!undo.isSuccess && (
            <Button disabled={undo.isPending} onClick={() => undo.mutate({ kind })}>
              Undo the change
            </Button>
          )}
        </div>
      </div>
    </PageSection>
  );
}

/** Connects one client: what it may do, what changes, then the change itself, which can be undone. */
export function ConnectPage({ kind, onClose }: { readonly kind: ClientKind; readonly onClose: () => void }): ReactNode {
  const [disable, setDisable] = useState(true);
  const clients = useOperation('clients.detect', {});
  const plan = useOperation('clients.plan', { kind, disable_own_tools: disable }, { keepPrevious: true });
  const connect = useCommand('clients.connect');
  const undo = useCommand('clients.undo');
  const client = clients.data?.clients.find((known) => known.kind === kind);
  const [edited, setDraft] = useState<typeof emptyDraft | null>(null);
  const [tried, setTried] = useState(false);
  const draft = edited ?? { ...emptyDraft, agent: client?.title.replace(/[^A-Za-z0-9 ._-]/g, '') ?? '' };
  const problem = draftProblem(draft);
  const title = client?.title ?? plan.data?.title ?? 'an agent';
  const back = (
    <Button tone="quiet" onClick={onClose} icon={<ArrowLeft size={16} aria-hidden="true" />}>
      Agents
    </Button>
  );
  const apply = (): void => {
    setTried(true);
    if (problem === null && plan.data !== undefined) connect.mutate({ plan: plan.data, mint: mintRequest(draft) });
  };
  if (connect.data !== undefined) {
    return (
      <Page title={`Connect ${title}`} actions={back} scroll>
        <Done kind={kind} title={title} done={connect.data} onClose={onClose} />
      </Page>
    );
  }
  return (
    <Page title={`Connect ${title}`} actions={back} scroll>
      <div className="grid grid-cols-[minmax(320px,420px)_minmax(0,1fr)]">
        <PageSection title="Its token">
          <MintForm draft={draft} onChange={setDraft} />
        </PageSection>
        <PageSection title="What changes">
          <div className="flex flex-col gap-4">
            {plan.data?.can_disable_own_tools === true && (
              <Switch
                checked={disable}
                onChange={setDisable}
                label="Turn off its own shell, edit and fetch tools"
                hint="What it does with its own tools is neither judged, confined nor recorded here."
              />
            )}
            {plan.isPending && <Loading what="its configuration" />}
            {plan.isError && <ErrorState error={plan.error} retry={() => void plan.refetch()} />}
            {plan.isSuccess && <PlanView plan={plan.data} />}
            {tried && problem !== null && <Notice tone="deny">{problem}</Notice>}
            {connect.isError && <Notice tone="deny">{connect.error.message}</Notice>}
            {undo.isError && <Notice tone="deny">{undo.error.message}</Notice>}
            <div className="flex items-center gap-2">
              <Button tone="primary" disabled={connect.isPending || !plan.isSuccess} onClick={apply}>
                {connect.isPending ? 'Applying' : (plan.data?.files.length ?? 0) > 0 ? 'Mint the token and apply' : 'Mint the token'}
              </Button>
              {client?.connected === true && (
                <Button disabled={undo.isPending} onClick={() => undo.mutate({ kind }, { onSuccess: onClose })}>
                  Undo its connection
                </Button>
              )}
            </div>
          </div>
        </PageSection>
      </div>
    </Page>
  );
}
