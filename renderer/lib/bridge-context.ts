import { createContext, useContext } from 'react';
import type { Bridge } from '../../shared/contract/bridge.ts';

declare global {
  interface Window {
    /** Set by the preload in Electron; absent in a browser. */
    readonly bridge?: Bridge;
  }
}

/** Where the page runs: the desktop's own window, or a browser on the headless console. */
export type BridgeHost = 'desktop' | 'browser';

export interface BridgeContextValue {
  readonly bridge: Bridge;
  readonly host: BridgeHost;
}

export const BridgeContext = createContext<BridgeContextValue | null>(null);

export function useBridge(): BridgeContextValue {
  const value = useContext(BridgeContext);
  if (value === null) throw new Error('A component that talks to the gateway stands outside of the bridge provider.');
  return value;
}
