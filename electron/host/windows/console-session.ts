import { session, type Session } from 'electron';
import { consoleScheme, createConsoleResponder } from './app-protocol.ts';

const partition = 'persist:console';

/**
 * The session of our pages: no cache, and the pages come from the built folder alone. Its rules are those of every session.
 * Errors: throws when the pages are not built.
 */
export function openConsoleSession(rendererDir: string): Session {
  const respond = createConsoleResponder(rendererDir);
  const opened = session.fromPartition(partition, { cache: false });
  opened.protocol.handle(consoleScheme, respond);
  return opened;
}
