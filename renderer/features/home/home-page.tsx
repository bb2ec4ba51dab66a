import type { ReactNode } from 'react';
import { useOpenPage } from '../../lib/address.ts';
import { useOperation } from '../../lib/operations.ts';
import { ClientList } from '../../ui/client-list.tsx';
import { GrantsInForce } from '../../ui/grants-in-force.tsx';
import { Page, PageSection } from '../../ui/page.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { Machine } from './machine.tsx';
import { Running } from './running.tsx';
import { RunningJobs } from './running-jobs.tsx';
import { TryIt } from './try-it.tsx';
import { Waiting } from './waiting.tsx';
import { Wrong } from './wrong.tsx';

/** Four questions, in this order: what waits, what runs, what is wrong, what is enforced. */
export function HomePage(): ReactNode {
  const status = useOperation('status.get', {});
  const clients = useOperation('clients.detect', {});
  const openPage = useOpenPage();
  return (
    <Page title="Home" scroll>
      <Waiting status={status.data} />
      <Running />
      <RunningJobs />
      <GrantsInForce />
      <Wrong />
      <TryIt isFirst={status.data?.counts.calls_today === 0} />
      <div className="grid grid-cols-2 items-start max-[1100px]:grid-cols-1">
        <div>
          {status.isError && <ErrorState error={status.error} retry={() => void status.refetch()} />}
          {status.isSuccess && <Machine items={status.data.capabilities} />}
        </div>
        <div>
          <PageSection title="Agents on this machine">
            {clients.isError && <ErrorState error={clients.error} retry={() => void clients.refetch()} />}
            {clients.isSuccess && <ClientList clients={clients.data.clients} onConnect={(kind) => openPage(`/agents?connect=${kind}`)} />}
          </PageSection>
        </div>
      </div>
    </Page>
  );
}
