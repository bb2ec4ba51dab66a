import { fileURLToPath } from 'node:url';
import type { Session, WebPreferences } from 'electron';

/** Whether the developer tools may be opened: never in a package, and in a checkout only when asked for by name. */
export function mayOpenDevTools(isPackaged: boolean, environment: NodeJS.ProcessEnv): boolean {
  return !isPackaged && environment['GATEHOUSE_DEVTOOLS'] === '1';
}

/** The one set of preferences that every window of ours has. */
export function secureWebPreferences(session: Session, devTools: boolean): WebPreferences {
  return {
    session,
    preload: fileURLToPath(new URL('../../preload/preload.cjs', import.meta.url)),
    // SECURITY: a page that is taken over has what Chromium's sandbox leaves it, and the three functions of the bridge.
    sandbox: true,
    // SECURITY: the page cannot change the objects that the preload works with.
    contextIsolation: true,
    // SECURITY: no Node in any world of the page: main, frames or workers.
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    // SECURITY: no page inside the page.
    webviewTag: false,
    plugins: false,
    // SECURITY: the same-origin policy stays on, and no mixed content is let through.
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    // SECURITY: a file dropped on the window does not become its page.
    navigateOnDragDrop: false,
    safeDialogs: true,
    // SECURITY: the spell checker would fetch dictionaries and be given the text that agents write.
    spellcheck: false,
    enableWebSQL: false,
    // SECURITY: with the tools, whoever sits at the keyboard can run script as the operator's page.
    devTools,
  };
}
