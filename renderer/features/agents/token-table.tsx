import { useState, type ReactNode } from 'react';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import { useCommand } from '../../lib/operations.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { PageLink } from '../../ui/page-link.tsx';

type ListedToken = OutputOf<'tokens.list'>['tokens'][number];

const tones: Record<ListedToken['state'], Tone> = { active: 'allow', expired: 'neutral', revoked: 'neutral' };

function State({ token }: { readonly token: ListedToken }): ReactNode {
  if (token.state === 'active') return <Badge tone={tones.active}>{token.connected ? 'Connected' : 'Active'}</Badge>;
  return <Badge>{token.state === 'expired' ? 'Expired' : 'Revoked'}</Badge>;
}

function RevokeDialog({ token, onClose }: { readonly token: ListedToken; readonly onClose: () => void }): ReactNode {
  const revoke = useCommand('tokens.revoke');
  return (
    <Dialog
      title="Revoke this token"
      onClose={onClose}
      width={440}
      footer={
        <>
          <Button tone="quiet" onClick={onClose}>
            Keep it
          </Button>
          <Button tone="danger" disabled={revoke.isPending} onClick={() => revoke.mutate({ id: token.id }, { onSuccess: onClose })}>
            Revoke
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <p>
          <Untrusted text={token.agent} className="font-medium" /> is refused from now on, its open streams end, and what it asked for is
          cancelled. This cannot be undone; mint another token to let it in again.
        </p>
        {revoke.isError && <Notice tone="deny">{revoke.error.message}</Notice>}
      </div>
    </Dialog>
  );
}

function Row({ token, now, onRevoke }: { readonly token: ListedToken; readonly now: number; readonly onRevoke: () => void }): ReactNode {
  const isOver = token.state !== 'active';
  return (
    <tr className="border-t border-hairline align-top">
      <td className="py-2 pr-3 font-medium">
        <PageLink to={`/activity?agent=${encodeURIComponent(token.agent)}`} className="text-ink">
          <Untrusted text={token.agent} />
        </PageLink>
      </td>
      <td className="py-2 pr-3">
        <State token={token} />
      </td>
      <td className="machine py-2 pr-3 text-sm text-ink-2">{token.scopes.join(' ')}</td>
      <td className="py-2 pr-3 [overflow-wrap:anywhere]">
        {token.workspaces.length === 0 && <span className="text-ink-3">none</span>}
        {token.workspaces.map((folder) => (
          <Untrusted key={folder} text={folder} mono className="block text-sm text-ink-2" />
        ))}
      </td>
      <td className="py-2 pr-3 text-ink-2">{token.last_used_at === null ? 'never' : <Time iso={token.last_used_at} now={now} />}</td>
      <td className="py-2 pr-3 text-ink-2">
        <Time iso={token.revoked_at ?? token.expires_at} now={now} />
      </td>
      <td className="py-1.5 text-right">
        {!isOver && (
          <Button size="small" tone="danger" aria-label={`Revoke the token of ${token.agent}`} onClick={onRevoke}>
            Revoke
          </Button>
        )}
      </td>
    </tr>
  );
}

const headers = ['Agent', 'State', 'May', 'Folders', 'Used', 'Ends'];

export function TokenTable({ tokens, now }: { readonly tokens: readonly ListedToken[]; readonly now: number }): ReactNode {
  const [revoking, setRevoking] = useState<ListedToken | null>(null);
  return (
    <>
      <table className="w-full">
        <thead>
          <tr className="text-left text-sm text-ink-3">
            {headers.map((header) => (
              <th key={header} className="pr-3 pb-1.5 font-normal">
                {header}
              </th>
            ))}
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row key={token.id} token={token} now={now} onRevoke={() => setRevoking(token)} />
          ))}
        </tbody>
      </table>
      {revoking !== null && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}
