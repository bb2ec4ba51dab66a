import type { App, BrowserWindow, Dialog } from 'electron';
import type { Gatehouse } from '../compose/gatehouse.ts';
import { closeQuestion, quitQuestion, type Question } from './leaving.ts';
import { whileOpen } from './while-open.ts';

export interface LeaveDeps {
  readonly app: Pick<App, 'exit'>;
  readonly dialog: Pick<Dialog, 'showMessageBox'>;
  readonly parent: () => BrowserWindow | null;
  readonly summary: Gatehouse['summary'];
  readonly hasTrayHost: () => Promise<boolean>;
  readonly shortcut: () => string | null;
  readonly hideWindow: () => void;
  /** Stops everything, in reverse. */
  readonly stop: () => Promise<void>;
  readonly log: (message: string, error?: unknown) => void;
}

/** The ways out: closing the window, quitting, and being told to end. */
export interface Leave {
  /** The operator closes the main window: into the tray where there is one, else by asking. */
  closeWindow(): Promise<void>;
  /** The operator quits: asks when something would end. */
  quit(): Promise<void>;
  /** A signal, the session's end, or an error: nobody is asked. */
  end(exitCode: number): Promise<void>;
}

/** Milliseconds within which everything must have stopped. */
const stopPatience = 10_000;

export function createLeave(deps: LeaveDeps): Leave {
  let asking = false;
  let ending: Promise<void> | null = null;

  async function ask(question: Question): Promise<number> {
    // One question at a time; a second one asked meanwhile is a no.
    if (asking) return question.cancelId;
    asking = true;
    try {
      const parent = deps.parent();
      const isOver = parent !== null && parent.isVisible();
      const answer = isOver ? deps.dialog.showMessageBox(parent, question) : deps.dialog.showMessageBox(question);
      const { response } = await whileOpen(answer);
      return response;
    } finally {
      asking = false;
    }
  }

  async function stopAndExit(exitCode: number): Promise<void> {
    const timer = setTimeout(() => {
      deps.log(`Stopping took longer than ${stopPatience / 1000} s and was cut off.`);
      deps.app.exit(1);
    }, stopPatience);
    try {
      await deps.stop();
      deps.app.exit(exitCode);
    } catch (error) {
      deps.log('Stopping failed.', error);
      deps.app.exit(1);
    } finally {
      clearTimeout(timer);
    }
  }

  const end = async (exitCode: number): Promise<void> => await (ending ??= stopAndExit(exitCode));

  async function quit(): Promise<void> {
    if (ending !== null) return await ending;
    const question = quitQuestion(await deps.summary());
    if (question === null || (await ask(question)) === 0) await end(0);
  }

  return {
    end,
    quit,
    async closeWindow() {
      if (await deps.hasTrayHost()) {
        deps.hideWindow();
        return;
      }
      const answer = await ask(closeQuestion(deps.shortcut()));
      if (answer === 0) deps.hideWindow();
      if (answer === 1) await quit();
    },
  };
}
