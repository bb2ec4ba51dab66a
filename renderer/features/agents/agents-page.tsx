import { KeyRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { ClientKind } from '../../../shared/domain/host.ts';
import { useAddress } from '../../lib/address.ts';
import { counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { ClientList } from '../../ui/client-list.tsx';
import { Page, PageSection } from '../../ui/page.tsx';
import { Empty, ErrorState, Loading } from '../../ui/states.tsx';
import { ConnectPage } from './connect-page.tsx';
import { MintDialog } from './mint-dialog.tsx';
import { TokenTable } from './token-table.tsx';

/** Who may connect, what each may do, and how to connect another. */
export function AgentsPage(): ReactNode {
  const [search, change] = useAddress();
  const tokens = useOperation('tokens.list', {});
  const clients = useOperation('clients.detect', {});
  const now = useNow(10_000);
  const connecting = ClientKind.safeParse(search['connect']);
  if (connecting.success) return <ConnectPage key={connecting.data} kind={connecting.data} onClose={() => change({ connect: null })} />;
  const active = tokens.data?.tokens.filter((token) => token.state === 'active').length ?? 0;
  return (
    <Page
      title="Agents"
      note={tokens.isSuccess ? counted(active, 'active token') : undefined}
      actions={
        <Button tone="primary" onClick={() => change({ mint: '1' })} icon={<KeyRound size={16} aria-hidden="true" />}>
          Mint a token
        </Button>
      }
      scroll
    >
      <PageSection title="Tokens">
        {tokens.isPending && <Loading what="tokens" />}
        {tokens.isError && <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />}
        {tokens.isSuccess && tokens.data.tokens.length === 0 && (
          <Empty title="No agent may connect yet.">Connect one of the programs below, or mint a token and give it to any MCP client.</Empty>
        )}
        {tokens.isSuccess && tokens.data.tokens.length > 0 && <TokenTable tokens={tokens.data.tokens} now={now} />}
      </PageSection>
      <PageSection title="Connect">
        {clients.isPending && <Loading what="agent programs" />}
        {clients.isError && <ErrorState error={clients.error} retry={() => void clients.refetch()} />}
        {clients.isSuccess && <ClientList clients={clients.data.clients} onConnect={(kind) => change({ connect: kind })} />}
      </PageSection>
      {search['mint'] !== undefined && <MintDialog onClose={() => change({ mint: null })} />}
    </Page>
  );
}
