import { z } from 'zod';
import type { Bridge } from '../../shared/contract/bridge.ts';
import { Topic, topics, WireError, type WireResult } from '../../shared/contract/contract.ts';
import { createEventLines } from './event-lines.ts';
import { OperationError } from './operation-error.ts';

export interface BrowserBridgeDeps {
  readonly fetch: typeof fetch;
  /** Milliseconds to wait before a lost change stream is opened again. */
  readonly retryMs: number;
}

const SessionAnswer = z.object({ session: z.string().optional(), error: WireError.optional() });

const unavailable = (message: string): WireResult => ({ ok: false, error: { code: 'unavailable', message } });

/** Takes the one-time secret out of the address, so that it stays neither in the bar nor in the history. */
export function takeSecret(location: Location, history: History): string | null {
  const match = /^#k=([^&]+)$/.exec(location.hash);
  if (match?.[1] === undefined) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(match[1]);
}

/** Exchanges the one-time secret for a session key. Errors: `OperationError` when the link was used, is too old, or the gateway is away. */
export async function openSession(deps: BrowserBridgeDeps, secret: string): Promise<string> {
  const response = await deps.fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'omit',
    body: JSON.stringify({ secret }),
  });
  const answer = SessionAnswer.safeParse(await response.json().catch(() => null));
  if (answer.success && answer.data.session !== undefined) return answer.data.session;
  throw new OperationError(
    answer.data?.error ?? { code: 'unavailable', message: `The gateway answered ${response.status} and gave no reason.` },
  );
}

/** The bridge of the headless console. The session key lives in this closure and travels in a header, never a cookie (THREATS rule 22). */
export function createBrowserBridge(deps: BrowserBridgeDeps, key: string): Bridge {
  const headers = { authorization: `Gatehouse ${key}` };

  async function readLoop(path: string, signal: AbortSignal, onChunk: (chunk: string) => void): Promise<'ended' | 'lost'> {
    const response = await deps.fetch(path, { headers, signal, credentials: 'omit', cache: 'no-store' });
    // A session that is over does not come back: asking again would only be counted as guessing.
    if (response.status === 401 || response.status === 403) return 'ended';
    if (!response.ok || response.body === null) throw new Error(`The gateway answered ${response.status}.`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) onChunk(part.value);
    return 'lost';
  }

  return {
    async invoke(name, input) {
      try {
        const response = await deps.fetch('/api/invoke', {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          credentials: 'omit',
          body: JSON.stringify({ name, input }),
        });
        if (response.status === 401)
          return { ok: false, error: { code: 'unauthenticated', message: 'This session has ended. Open a new link.' } };
        return (await response.json()) as WireResult;
      } catch {
        return unavailable('The gateway does not answer. Is it still running?');
      }
    },

    onChanged(listener) {
      const stop = new AbortController();
      const feed = createEventLines((data) => {
        const topic = Topic.safeParse(decodeData(data));
        if (topic.success) listener(topic.data);
      });
      const connect = (): void => {
        void readLoop('/api/changes', stop.signal, feed)
          .catch(() => 'lost' as const)
          .then((end) => {
            if (stop.signal.aborted || end === 'ended') return;
            setTimeout(() => {
              if (stop.signal.aborted) return;
              // What changed meanwhile is unknown, so everything did.
              for (const topic of topics) listener(topic);
              connect();
            }, deps.retryMs);
          });
      };
      connect();
      return () => stop.abort();
    },

    openStream(name, streamKey, onChunk) {
      const stop = new AbortController();
      const feed = createEventLines((data) => onChunk(decodeData(data)));
      const path = `/api/stream?${new URLSearchParams({ name, key: streamKey }).toString()}`;
      readLoop(path, stop.signal, feed).catch(() => undefined);
      return () => stop.abort();
    },
  };
}

/** Data travels as JSON strings, because raw output may hold line ends. */
function decodeData(data: string): string {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'string' ? value : data;
  } catch {
    return data;
  }
}
