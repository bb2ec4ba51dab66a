import { BrowserWindow, screen, type Session, type WebContents } from 'electron';
import { consoleOrigin } from './app-protocol.ts';
import { approvalHeight, approvalHeights, approvalPosition, approvalWidth } from './approval-bounds.ts';
import { createReopenLimit } from './reopen-limit.ts';
import { secureWebPreferences } from './secure-web-preferences.ts';

export interface ApprovalWindowDeps {
  readonly session: () => Session;
  readonly devTools: boolean;
  readonly icon: string;
  /** The page is gone, and with it whatever it was about to say. The window is being made anew. */
  readonly onCrashed: (reason: string) => void;
}

/** The small window in which the operator decides. It exists from the start, so that a request is shown at once. */
export interface ApprovalWindow {
  start(): Promise<void>;
  stop(): void;
  contents(): WebContents | null;
  isVisible(): boolean;
  /** Shows it without taking the keyboard from where the operator types. */
  present(): void;
  /** Shows it and gives it the keyboard: only ever because the operator asked. */
  focus(): void;
  hide(): void;
  /** Pixels; the page asks for what its content needs. */
  resize(height: number): void;
}

/** Milliseconds for which a hidden window waits for its page to say how high the new request is, before it shows anyway. */
const layoutPatience = 150;

export function createApprovalWindow(deps: ApprovalWindowDeps): ApprovalWindow {
  let window: BrowserWindow | null = null;
  let stopped = false;
  const mayReopen = createReopenLimit(() => performance.now());
  let height: number = approvalHeights.first;
  let pending: NodeJS.Timeout | null = null;

  async function open(): Promise<void> {
    const fresh = new BrowserWindow({
      width: approvalWidth,
      height,
      useContentSize: true,
      show: false,
      title: 'Gatehouse approval',
      icon: deps.icon,
      frame: false,
      resizable: false,
      minimizable: false,
      maximizable: false,
      fullscreenable: false,
      skipTaskbar: true,
      // The same wish as X11's window managers understand it.
      ...(process.platform === 'linux' ? { type: 'utility' } : {}),
      alwaysOnTop: true,
      // Hidden means hidden to the page too: its arming delay begins when it is really seen.
      paintWhenInitiallyHidden: false,
      webPreferences: secureWebPreferences(deps.session(), deps.devTools),
    });
    window = fresh;
    keepInSight(fresh);
    fresh.removeMenu();
    fresh.on('close', (event) => {
      if (stopped) return;
      // Closing is not an answer: what waits goes on waiting.
      event.preventDefault();
      fresh.hide();
    });
    fresh.webContents.on('render-process-gone', (_event, details) => {
      if (stopped || window !== fresh) return;
      window = null;
      cancelPending();
      deps.onCrashed(details.reason);
      fresh.destroy();
      if (mayReopen()) open().catch(() => deps.onCrashed('it did not load again'));
    });
    await fresh.loadURL(`${consoleOrigin}/approval.html`);
  }

  function place(target: BrowserWindow): void {
    const pointer = screen.getCursorScreenPoint();
    const { workArea } = screen.getDisplayNearestPoint(pointer);
    height = approvalHeight(height, workArea);
    target.setBounds({ ...approvalPosition(workArea, pointer), width: approvalWidth, height });
  }

  function showNow(): void {
    cancelPending();
    if (window === null || window.isVisible()) return;
    place(window);
    window.showInactive();
    // Window managers forget this when a window is unmapped.
    keepInSight(window);
    window.moveTop();
  }

  function cancelPending(): void {
    if (pending !== null) clearTimeout(pending);
    pending = null;
  }

  return {
    start: open,
    stop() {
      stopped = true;
      cancelPending();
      window?.destroy();
      window = null;
    },
    contents: () => window?.webContents ?? null,
    isVisible: () => window?.isVisible() ?? false,
    present() {
      if (window === null) return;
      if (window.isVisible()) window.moveTop();
      else pending ??= setTimeout(showNow, layoutPatience);
    },
    focus() {
      if (window === null) return;
      showNow();
      window.show();
      window.focus();
    },
    hide() {
      cancelPending();
      window?.hide();
    },
    resize(wanted) {
      if (window === null) return;
      const bounds = window.getBounds();
      height = approvalHeight(wanted, screen.getDisplayMatching(bounds).workArea);
      if (pending !== null) showNow();
      // Only the lower edge moves, so that nothing moves under the pointer.
      else if (bounds.height !== height) window.setBounds({ ...bounds, height });
    },
  };
}

function keepInSight(window: BrowserWindow): void {
  window.setAlwaysOnTop(true, 'screen-saver');
  window.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true, skipTransformProcessType: true });
}
