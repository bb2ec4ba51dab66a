import { createFakeBridge, type FakeBridge } from './fake-bridge.ts';
import { fakeApproval } from './fake-approvals.ts';
import { worlds, type WorldName } from './fake-worlds.ts';

declare global {
  interface Window {
    /** Which situation the test asked for. */
    readonly fakeWorld?: WorldName;
    /** What a test reaches into the page for. */
    fake?: FakeBridge & { readonly fakeApproval: typeof fakeApproval };
  }
}

// Runs before the page's own script, as the preload would.
const fake = createFakeBridge(worlds[window.fakeWorld ?? 'quiet']());
window.fake = { ...fake, fakeApproval };
Object.defineProperty(window, 'bridge', { value: Object.freeze(fake.bridge) });
