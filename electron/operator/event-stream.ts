import type { ServerResponse } from 'node:http';

/** Server-sent events on one response. */
export interface EventStream {
  /** Sends one event; its data as JSON. */
  send(event: string, data: unknown): void;
  /** Runs once when the stream is over, whoever ended it. */
  onClose(action: () => void): void;
}

const heartbeatMs = 15_000;
/** Bytes that a reader may leave unread before it is cut off. */
const backlogLimit = 1_048_576;

/** Opens a stream that lives until the reader leaves, reads too slowly, or `signal` aborts. */
export function openEventStream(res: ServerResponse, signal: AbortSignal): EventStream {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  const write = (text: string): void => {
    if (res.destroyed || res.writableEnded) return;
    // SECURITY: what a peer does not read must not fill our memory; it reconnects and fetches again.
    if (res.writableLength > backlogLimit) res.destroy();
    else res.write(text);
  };
  write(': open\n\n');
  const heartbeat = setInterval(() => write(': alive\n\n'), heartbeatMs);
  const end = (): void => {
    res.end();
  };
  signal.addEventListener('abort', end, { once: true });
  res.once('close', () => {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', end);
  });
  if (signal.aborted) end();
  return {
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    onClose(action) {
      if (res.closed) action();
      else res.once('close', action);
    },
  };
}
