import { BrowserWindow, screen, type Session, type WebContents } from 'electron';
import { consoleOrigin } from './app-protocol.ts';
import { createReopenLimit } from './reopen-limit.ts';
import { secureWebPreferences } from './secure-web-preferences.ts';

export interface MainWindowDeps {
  readonly session: () => Session;
  readonly devTools: boolean;
  readonly icon: string;
  /** The operator closes the window. It stays open until `hide` is called or the application ends. */
  readonly onClose: () => void;
  readonly onCrashed: (reason: string) => void;
}

export interface MainWindow {
  start(): Promise<void>;
  stop(): void;
  window(): BrowserWindow | null;
  contents(): WebContents | null;
  /** Shows and raises it; `page` is a path of the router, `/` where it is not one. Null leaves the page that it is on. */
  show(page: string | null): void;
  hide(): void;
}

const wish = { width: 1280, height: 840, minWidth: 760, minHeight: 480 } as const;

export function createMainWindow(deps: MainWindowDeps): MainWindow {
  let window: BrowserWindow | null = null;
  let stopped = false;
  const mayReopen = createReopenLimit(() => performance.now());

  async function open(): Promise<void> {
    const { workAreaSize } = screen.getPrimaryDisplay();
    const fresh = new BrowserWindow({
      ...wish,
      width: Math.min(wish.width, workAreaSize.width),
      height: Math.min(wish.height, workAreaSize.height),
      show: false,
      title: 'Gatehouse',
      icon: deps.icon,
      webPreferences: secureWebPreferences(deps.session(), deps.devTools),
    });
    window = fresh;
    fresh.removeMenu();
    fresh.on('close', (event) => {
      if (stopped) return;
      event.preventDefault();
      deps.onClose();
    });
    fresh.webContents.on('render-process-gone', (_event, details) => {
      if (stopped || window !== fresh) return;
      const wasVisible = fresh.isVisible();
      window = null;
      deps.onCrashed(details.reason);
      fresh.destroy();
      if (!mayReopen()) return;
      open().then(
        () => (wasVisible ? window?.showInactive() : undefined),
        () => deps.onCrashed('it did not load again'),
      );
    });
    await fresh.loadURL(addressOf('/'));
  }

  return {
    async start() {
      await open();
      window?.show();
    },
    stop() {
      stopped = true;
      window?.destroy();
      window = null;
    },
    window: () => window,
    contents: () => window?.webContents ?? null,
    show(page) {
      if (window === null) return;
      // Only the part after # changes: the page stays loaded and its router follows.
      if (page !== null) window.loadURL(addressOf(page)).catch(() => undefined);
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      window.moveTop();
    },
    hide: () => window?.hide(),
  };
}

function addressOf(page: string): string {
  return `${consoleOrigin}/index.html#${page.startsWith('/') ? encodeURI(page) : '/'}`;
}
