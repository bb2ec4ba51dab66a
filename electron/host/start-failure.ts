import type { App, Dialog } from 'electron';
import { AppError } from '../../shared/errors.ts';

/** Milliseconds for which the message stays when nobody closes it. The process must end by itself: it may have been started by a script. */
const shownFor = 20_000;

/** Says on stderr and in a plain window why Gatehouse cannot start. Settles when the message is closed, or after 20 s. */
export async function tellStartFailure(app: Pick<App, 'whenReady'>, dialog: Pick<Dialog, 'showMessageBox'>, error: unknown): Promise<void> {
  const reason = reasonOf(error);
  process.stderr.write(`Gatehouse cannot start. ${reason}\n`);
  if (!(error instanceof AppError)) console.error(error);
  await app.whenReady();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), shownFor);
  try {
    await dialog.showMessageBox({
      type: 'error',
      title: 'Gatehouse',
      message: 'Gatehouse cannot start',
      detail: `${reason}\n\nThe same is written to the terminal. This message closes by itself after 20 seconds.`,
      buttons: ['Close'],
      noLink: true,
      signal: timeout.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  return `Something went wrong that was not foreseen: ${error instanceof Error ? error.message : String(error)}`;
}
