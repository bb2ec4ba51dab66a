import { app, clipboard, dialog } from 'electron';
import type { Desktop } from '../core/ports/desktop.ts';
import type { ApprovalWindow } from './windows/approval-window.ts';
import { whileOpen } from './while-open.ts';
import type { MainWindow } from './windows/main-window.ts';

/** The desktop port over Electron and our two windows. */
export function createElectronDesktop(windows: { readonly main: MainWindow; readonly approval: ApprovalWindow }): Desktop {
  return {
    showMainWindow: (page) => windows.main.show(page),
    resizeApprovalWindow: (heightPx) => windows.approval.resize(heightPx),
    hideApprovalWindow: () => windows.approval.hide(),
    copyText: (text) => clipboard.writeText(text),
    async openDirectoryDialog() {
      const parent = windows.main.window();
      const options = { title: 'Choose a folder', properties: ['openDirectory' as const, 'createDirectory' as const] };
      const answer = parent === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(parent, options);
      const { canceled, filePaths } = await whileOpen(answer);
      return canceled ? null : (filePaths[0] ?? null);
    },
    quit: () => app.quit(),
  };
}
