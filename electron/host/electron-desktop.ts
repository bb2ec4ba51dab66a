import { app, clipboard, dialog, powerMonitor } from 'electron';
import type { Desktop } from '../core/ports/desktop.ts';
import type { ApprovalWindow } from './windows/approval-window.ts';
import { whileOpen } from './while-open.ts';
import type { MainWindow } from './windows/main-window.ts';

export interface ElectronDesktopDeps {
  readonly main: MainWindow;
  readonly approval: ApprovalWindow;
  readonly log: (message: string, error: unknown) => void;
}

/** The desktop port over Electron and our two windows. */
export function createElectronDesktop({ log, ...windows }: ElectronDesktopDeps): Desktop {
  return {
    showMainWindow: (page) => windows.main.show(page),
    resizeApprovalWindow: (heightPx) => windows.approval.resize(heightPx),
    hideApprovalWindow: () => windows.approval.hide(),
    copyText(text) {
      // Newer runtimes answer with a promise, older ones with nothing.
      Promise.resolve(clipboard.writeText(text)).catch((error: unknown) => log('The text could not be copied.', error));
    },
    async openDirectoryDialog() {
      const parent = windows.main.window();
      const options = { title: 'Choose a folder', properties: ['openDirectory' as const, 'createDirectory' as const] };
      const answer = parent === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(parent, options);
      const { canceled, filePaths } = await whileOpen(answer);
      return canceled ? null : (filePaths[0] ?? null);
    },
    systemIdleMs: () => powerMonitor.getSystemIdleTime() * 1000,
    quit: () => app.quit(),
  };
}
