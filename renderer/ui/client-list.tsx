import type { ReactNode } from 'react';
import type { DetectedClient } from '../../shared/domain/host.ts';
import { Badge } from './badge.tsx';
import { Button } from './button.tsx';
import { Untrusted } from './untrusted.tsx';

const ownTools: Record<DetectedClient['own_tools'], string | null> = {
  on: 'Its own shell, edit and fetch tools are on: they run outside of the gateway.',
  off: 'Its own shell, edit and fetch tools are off.',
  unknown: null,
  not_switchable: null,
};

function Line({ client, onConnect }: { readonly client: DetectedClient; readonly onConnect: () => void }): ReactNode {
  const words = client.note ?? (client.connected ? ownTools[client.own_tools] : null);
  return (
    <li className="flex min-h-10 items-center gap-3 border-t border-hairline py-1.5 first:border-t-0">
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline gap-2">
          <span className="font-medium">{client.title}</span>
          {client.version !== null && <Untrusted text={client.version} className="text-sm text-ink-3" />}
          {client.config_path !== null && <Untrusted text={client.config_path} mono className="min-w-0 truncate text-sm text-ink-3" />}
        </div>
        {words !== null && <Untrusted text={words} className={client.own_tools === 'on' ? 'text-sm text-ask' : 'text-sm text-ink-3'} />}
      </div>
      {client.connected && <Badge tone="allow">Connected</Badge>}
      <Button
        size="small"
        tone={client.connected || !client.found ? 'quiet' : 'plain'}
        aria-label={`${client.connected ? 'Change the connection of' : 'Connect'} ${client.title}`}
        onClick={onConnect}
      >
        {client.connected ? 'Change' : 'Connect'}
      </Button>
    </li>
  );
}

/** Agent programs, those found on this machine first. */
export function ClientList({
  clients,
  onConnect,
}: {
  readonly clients: readonly DetectedClient[];
  readonly onConnect: (kind: DetectedClient['kind']) => void;
}): ReactNode {
  const order = [...clients].sort((a, b) => Number(b.found) - Number(a.found));
  return (
    <ul>
      {order.map((client) => (
        <Line key={client.kind} client={client} onConnect={() => onConnect(client.kind)} />
      ))}
    </ul>
  );
}
