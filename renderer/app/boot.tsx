import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useEffect, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { BridgeContext, type BridgeContextValue } from '../lib/bridge-context.ts';
import { connectBridge } from '../lib/connect-bridge.ts';
import { messageOf } from '../lib/operation-error.ts';
import { createQueryClient, followChanges } from '../lib/query-client.ts';
import { applyTheme, readTheme } from '../lib/theme.ts';
import { ErrorBoundary } from './error-boundary.tsx';

function Providers({ connection, children }: { readonly connection: BridgeContextValue; readonly children: ReactNode }): ReactNode {
  const [client] = useState(createQueryClient);
  useEffect(() => followChanges(connection.bridge, client), [connection, client]);
  return (
    <BridgeContext value={connection}>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </BridgeContext>
  );
}

function NoBridge({ error }: { readonly error: unknown }): ReactNode {
  return (
    <main className="mx-auto flex max-w-[56ch] flex-col gap-2 px-6 py-24">
      <h1 className="text-head font-semibold">Not connected</h1>
      <p className="text-ink-2">{messageOf(error)}</p>
    </main>
  );
}

/** Starts a page: finds its bridge, then renders it. */
export async function boot(content: ReactNode): Promise<void> {
  applyTheme(readTheme());
  const element = document.getElementById('root');
  if (element === null) throw new Error('The page has no #root.');
  const root = createRoot(element);
  try {
    const connection = await connectBridge(window);
    root.render(
      <StrictMode>
        <ErrorBoundary>
          <Providers connection={connection}>{content}</Providers>
        </ErrorBoundary>
      </StrictMode>,
    );
  } catch (error) {
    root.render(<NoBridge error={error} />);
  }
}
