import type { BridgeContextValue } from './bridge-context.ts';
import { createBrowserBridge, openSession, takeSecret } from './browser-bridge.ts';
import { OperationError } from './operation-error.ts';

/** Finds the bridge of this page. Errors: `OperationError` when the page is open in a browser without a valid link. */
export async function connectBridge(page: Window): Promise<BridgeContextValue> {
  if (page.bridge !== undefined) return { bridge: page.bridge, host: 'desktop' };
  const secret = takeSecret(page.location, page.history);
  if (secret === null) {
    throw new OperationError({
      code: 'unauthenticated',
      message: 'This page has no session. Reloading ends a session. Print another link: gatehouse console',
    });
  }
  const deps = { fetch: page.fetch.bind(page), retryMs: 2000 };
  return { bridge: createBrowserBridge(deps, await openSession(deps, secret)), host: 'browser' };
}
