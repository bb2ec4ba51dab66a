import type { App, CommandLine, Session, WebContents } from 'electron';
import { consoleOrigin } from './app-protocol.ts';

/** Told of what was refused: what it was, and the address it asked for (untrusted). */
export type OnBlocked = (what: string, address: string) => void;

/** Switches Chromium's own errands off. To be called before the application is ready. */
export function quietChromium(commandLine: Pick<CommandLine, 'appendSwitch'>): void {
  // SECURITY: the pages need no network at all. CSP does not cover every road out (WebRTC, prefetch); without names none leads far.
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  commandLine.appendSwitch('force-webrtc-ip-handling-policy', 'disable_non_proxied_udp');
  for (const name of ['disable-background-networking', 'disable-component-update', 'disable-domain-reliability', 'no-pings']) {
    commandLine.appendSwitch(name);
  }
}

/** SECURITY: whatever session a page has, it gets no permission, no download, no device and no address but ours. */
export function restrictSession(session: Session, devTools: boolean, onBlocked: OnBlocked): void {
  session.setPermissionRequestHandler((_contents, permission, callback) => {
    onBlocked(`permission ${permission}`, '');
    callback(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler(null);
  session.setSpellCheckerEnabled(false);
  session.on('will-download', (event, item) => {
    onBlocked('a download', item.getURL());
    event.preventDefault();
  });
  session.webRequest.onBeforeRequest((details, callback) => {
    const isOurs = isOurAddress(details.url) || (devTools && details.url.startsWith('devtools://'));
    if (!isOurs) onBlocked('a request', details.url);
    callback({ cancel: !isOurs });
  });
}

/** SECURITY: a page stays the page that we opened, whoever created it and however. */
export function restrictContents(contents: WebContents, onBlocked: OnBlocked): void {
  const refuse =
    (what: string) =>
    (event: { preventDefault(): void }, address?: unknown): void => {
      event.preventDefault();
      onBlocked(what, typeof address === 'string' ? address : '');
    };
  contents.on('will-navigate', refuse('a navigation'));
  contents.on('will-frame-navigate', refuse('a navigation of a frame'));
  contents.on('will-redirect', refuse('a redirect'));
  contents.on('will-attach-webview', refuse('a page inside the page'));
  contents.on('select-bluetooth-device', refuse('a device'));
  contents.on('login', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    onBlocked('a new window', url);
    return { action: 'deny' };
  });
}

/** Applies both to everything that the application ever creates. */
export function restrictEverything(app: App, devTools: boolean, onBlocked: OnBlocked): void {
  app.on('session-created', (session) => restrictSession(session, devTools, onBlocked));
  app.on('web-contents-created', (_event, contents) => restrictContents(contents, onBlocked));
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, callback) => {
    event.preventDefault();
    callback(false);
  });
  app.on('select-client-certificate', (event, _contents, _url, _list, callback) => {
    event.preventDefault();
    callback();
  });
}

function isOurAddress(address: string): boolean {
  return address === consoleOrigin || address.startsWith(`${consoleOrigin}/`);
}
