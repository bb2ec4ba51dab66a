import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../../core/change-bus.ts';
import type { Desktop } from '../../core/ports/desktop.ts';
import type { Store } from '../../core/ports/store.ts';
import type { HandlersOf } from '../handler.ts';
import { operatorEvent, recordEvent } from './operator-event.ts';

export interface ShellHandlerDeps {
  /** Null when headless. */
  readonly desktop: Desktop | null;
  readonly store: Pick<Store, 'commit'>;
  readonly bus: ChangeBus;
  /** Whether the command line may decide until quit. */
  readonly allowSocket: (allow: boolean) => void;
  /** Mints another one-time link to the console; null where there is no console. */
  readonly consoleLink: (() => { readonly url: string; readonly expires_at: string }) | null;
}

type Names =
  | 'console.link'
  | 'socket.allow'
  | 'shell.show_main'
  | 'shell.resize_approval'
  | 'shell.hide_approval'
  | 'shell.copy'
  | 'shell.choose_directory';

/** What concerns the operator's own doors: the window, the command line's leave, the console's link. */
export function createShellHandlers(deps: ShellHandlerDeps): HandlersOf<Names> {
  const desktop = (): Desktop => {
    if (deps.desktop === null) throw new AppError('unavailable', 'There is no desktop here: this Gatehouse runs without a window.');
    return deps.desktop;
  };
  return {
    'console.link': async () => {
      if (deps.consoleLink === null) throw new AppError('unavailable', 'There is no browser console: this Gatehouse has a window.');
      return deps.consoleLink();
    },
    'socket.allow': async ({ allow }, caller) => {
      // SECURITY: tightening takes effect whatever happens; loosening only after it is in the log.
      if (!allow) deps.allowSocket(false);
      await recordEvent(deps.store, operatorEvent('operator.authorized', { socket_may_decide: allow, channel: caller.channel }));
      deps.allowSocket(allow);
      deps.bus.changed('status');
      return { socket_may_decide: allow };
    },
    'shell.show_main': async ({ page }) => {
      desktop().showMainWindow(page);
      return {};
    },
    'shell.resize_approval': async ({ height }) => {
      desktop().resizeApprovalWindow(height);
      return {};
    },
    'shell.hide_approval': async () => {
      desktop().hideApprovalWindow();
      return {};
    },
    'shell.copy': async ({ text }) => {
      desktop().copyText(text);
      return {};
    },
    'shell.choose_directory': async () => ({ path: await desktop().openDirectoryDialog() }),
  };
}
