import { createFakeBridge, type FakeBridge } from './fake-bridge.ts';
import { fakeApproval, simple } from './fake-approvals.ts';
import { oneHeld } from './fake-changes.ts';
import { worlds, type WorldName } from './fake-worlds.ts';

declare global {
  interface Window {
    /** What a test reaches into the page for. */
    fake?: FakeBridge & { readonly fakeApproval: typeof fakeApproval; readonly simple: typeof simple; readonly oneHeld: typeof oneHeld };
  }
}

const isWorld = (name: string): name is WorldName => Object.hasOwn(worlds, name);

// Runs before the page's own script, as the preload would.
const asked = location.pathname.split('/')[1] ?? '';
const fake = createFakeBridge(worlds[isWorld(asked) ? asked : 'quiet']());
window.fake = { ...fake, fakeApproval, simple, oneHeld };
Object.defineProperty(window, 'bridge', { value: Object.freeze(fake.bridge) });
