import type { App, Dialog } from 'electron';
import { AppError } from '../../shared/errors.ts';
import { findPortHolder } from '../adapters/port-holder.ts';
import { whileOpen } from './while-open.ts';

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
    const shown = dialog.showMessageBox({
      type: 'error',
      title: 'Gatehouse',
      message: 'Gatehouse cannot start',
      detail: `${reason}\n\nThe same is written to the terminal. This message closes by itself after 20 seconds.`,
      buttons: ['Close'],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
      signal: timeout.signal,
    });
    await whileOpen(shown);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AppError) return `${error.message}${holderOf(error.cause)}`;
  return `Something went wrong that was not foreseen: ${error instanceof Error ? error.message : String(error)}`;
}

/** Who has the port, when that is what went wrong. */
function holderOf(cause: unknown): string {
  if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) return '';
  const holder = 'port' in cause && typeof cause.port === 'number' ? findPortHolder(cause.port) : null;
  return holder === null
    ? ' Who has it cannot be told: it is another user’s program.'
    : ` It is held by ${holder.program} (process ${holder.pid}).`;
}
