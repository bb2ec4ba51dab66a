import { app, dialog, globalShortcut, ipcMain, Notification, powerMonitor } from 'electron';
import type { WireResult } from '../../shared/contract/contract.ts';
import { createGatehouse } from '../compose.ts';
import type { ReadyInfo } from '../compose/gatehouse.ts';
import { approvalNotice, heldNotice } from './approval-notice.ts';
import { createApprovalWatch } from './approval-watch.ts';
import { createBlockedEvents } from './blocked-events.ts';
import { denyAllWaiting } from './deny-all-waiting.ts';
import { createElectronDesktop } from './electron-desktop.ts';
import { hostPaths } from './host-paths.ts';
import type { Invocation } from './invocation.ts';
import { createIpcMount } from './ipc-mount.ts';
import { createLeave, type Leave } from './leave.ts';
import { openElectronStore } from './settings-store.ts';
import { hasTrayHost } from './tray-host.ts';
import { consoleOrigin } from './windows/app-protocol.ts';
import { createApprovalWindow } from './windows/approval-window.ts';
import { openConsoleSession } from './windows/console-session.ts';
import { createMainWindow } from './windows/main-window.ts';
import { mayOpenDevTools } from './windows/secure-web-preferences.ts';
import { restrictEverything, quietChromium } from './windows/session-rules.ts';
import { createGateTray } from './windows/tray.ts';

export interface DesktopHostDeps {
  readonly invocation: Invocation;
  readonly version: string;
  /** The operator's, before this process took one of its own. */
  readonly umask: number;
  readonly log: (message: string, error?: unknown) => void;
}

/** The product with windows: the gateway first, then what the operator sees. */
export interface DesktopHost {
  /** What Chromium must be told before the application is ready. */
  prepare(): void;
  /** Errors: as `Gatehouse.start`. */
  start(): Promise<ReadyInfo>;
  /** What a window's page could ask. */
  invoke(name: string, input: unknown): Promise<WireResult>;
  readonly leave: Leave;
}

const shortcut = 'Control+Alt+G';
const panicShortcut = 'CommandOrControl+Alt+Shift+P';

export function createDesktopHost(deps: DesktopHostDeps): DesktopHost {
  const { invocation, log } = deps;
  const devTools = mayOpenDevTools(app.isPackaged, process.env);
  let activeShortcut: string | null = null;
  let cards = 0;
  let notification: Notification | null = null;
  const openedSession = once(() => openConsoleSession(hostPaths.renderer));
  const windowDeps = { session: openedSession, devTools, icon: hostPaths.icon };

  const main = createMainWindow({
    ...windowDeps,
    onClose: () => void leave.closeWindow().catch((error: unknown) => log('The window could not be closed.', error)),
    onCrashed: (reason) => onCrashed('main', reason),
  });
  const approval = createApprovalWindow({ ...windowDeps, onCrashed: (reason) => onCrashed('approval', reason) });
  const gatehouse = createGatehouse({
    dataDir: invocation.dataDir,
    host: 'desktop',
    ...(invocation.port === null ? {} : { port: invocation.port }),
    rendererDir: hostPaths.renderer,
    resourcesDir: hostPaths.resources,
    version: deps.version,
    umask: deps.umask,
    desktop: createElectronDesktop({ main, approval, log }),
    openSettingsStore: openElectronStore,
    log,
  });
  const blocked = createBlockedEvents({
    now: () => performance.now(),
    record: (data) =>
      void gatehouse.record('operator.refused', data).catch((error: unknown) => log('A refusal could not be recorded.', error)),
  });
  const ipc = createIpcMount({
    ipc: ipcMain,
    dispatcher: gatehouse.dispatcher,
    bus: gatehouse.bus,
    live: gatehouse.live,
    pages: () => [main.contents(), approval.contents()].filter((page) => page !== null),
    origin: consoleOrigin,
    onRefused: (why, address) => blocked(`a message from ${why}`, address),
  });
  const tray = createGateTray({
    onOpen: () => main.show(null),
    onShowWaiting: () => approval.focus(),
    onPanic: panic,
    onQuit: () => app.quit(),
  });
  const watch = createApprovalWatch({
    broker: gatehouse.broker,
    changes: gatehouse.changes,
    bus: gatehouse.bus,
    onArrived: (fresh) => present(approvalNotice(fresh)),
    onHeld: (fresh) => present(heldNotice(fresh)),
    onCounted: showCounts,
    onError: (error) => log('The waiting requests could not be read.', error),
  });
  const leave = createLeave({
    app,
    dialog,
    parent: () => main.window(),
    summary: async () => await gatehouse.summary(),
    hasTrayHost: async () => await hasTrayHost(process.platform),
    shortcut: () => activeShortcut,
    hideWindow: () => main.hide(),
    stop,
    log,
  });

  function present(notice: { readonly title: string; readonly body: string }): void {
    approval.present();
    if (!Notification.isSupported()) return;
    notification?.close();
    notification = new Notification({ ...notice, icon: hostPaths.noticeIcon, silent: true });
    // SECURITY: a notification only leads to the window; desktops keep, mirror and replay them, so none of them can decide.
    notification.on('click', () => approval.focus());
    notification.show();
  }

  function showCounts(counts: { readonly waiting: number; readonly cards: number }): void {
    cards = counts.cards;
    if (cards === 0) approval.hide();
    if (counts.waiting === 0) notification?.close();
    tray.showWaiting(counts.waiting);
    app.setBadgeCount(counts.waiting);
  }

  /** Asks nothing first: what it costs is undone in the window, which it opens. */
  function panic(): void {
    void gatehouse.dispatcher.dispatch('panic.trigger', {}, { channel: 'window' }).then((result) => {
      if (!result.ok) log(`Not everything could be stopped: ${result.error.message}`);
      main.show(null);
    });
  }

  function onCrashed(name: string, reason: string): void {
    log(`The page of the ${name} window is gone: ${reason}.`);
    // SECURITY: what crashed may have been taken over; nothing it was shown is left open to be answered.
    denyAllWaiting(gatehouse.broker, `The ${name} window crashed before the operator answered.`).catch((error: unknown) => {
      log('What waits could not be denied.', error);
    });
  }

  async function stop(): Promise<void> {
    watch.stop();
    globalShortcut.unregisterAll();
    tray.stop();
    approval.stop();
    main.stop();
    ipc.stop();
    await gatehouse.stop();
  }

  return {
    leave,
    prepare() {
      // Lists and text need no graphics card, and its drivers are neither quick to start nor part of what we want to trust.
      app.disableHardwareAcceleration();
      quietChromium(app.commandLine);
      restrictEverything(app, devTools, (what, address) => blocked(what, address));
      // The windows hide; only Quit ends the application.
      app.on('window-all-closed', () => undefined);
      // SECURITY: of another start only the fact counts; its arguments and folder are not looked at.
      app.on('second-instance', () => main.show(null));
      app.on('activate', () => main.show(null));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave.end(0));
      // SECURITY: after an error that nobody foresaw nothing is decided any more; what waits is denied with the gateway's end.
      process.on('uncaughtException', (error) => {
        log('An unforeseen error ends Gatehouse.', error);
        void leave.end(1);
      });
    },
    async start() {
      const ready = await gatehouse.start();
      ipc.start();
      await Promise.all([main.start(), approval.start()]);
      tray.start();
      activeShortcut = globalShortcut.register(shortcut, () => (cards > 0 ? approval.focus() : main.show(null))) ? 'Ctrl+Alt+G' : null;
      if (activeShortcut === null) log(`The shortcut ${shortcut} belongs to another program; the approval window is reached by a click.`);
      if (!globalShortcut.register(panicShortcut, panic))
        log(`The shortcut ${panicShortcut} belongs to another program; everything is stopped from the tray or by gatehouse panic.`);
      watch.start();
      app.on('before-quit', (event) => {
        event.preventDefault();
        leave.quit().catch((error: unknown) => log('Quitting failed.', error));
      });
      powerMonitor.on('shutdown', () => void leave.end(0));
      return ready;
    },
    invoke: async (name, input) => await gatehouse.dispatcher.dispatch(name, input, { channel: 'window' }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
