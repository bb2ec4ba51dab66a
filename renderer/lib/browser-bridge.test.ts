import { expect, test } from 'vitest';
import { createBrowserBridge, openSession, takeSecret } from './browser-bridge.ts';
import { createEventLines } from './event-lines.ts';

type Fetch = typeof fetch;
const answering = (
  answer: () => Response,
  seen: { url: string; init: RequestInit | undefined }[] = [],
): { fetch: Fetch; seen: typeof seen } => ({
  seen,
  fetch: async (url, init) => {
    seen.push({ url: url instanceof Request ? url.url : url.toString(), init });
    return answer();
  },
});
const key = 'k'.repeat(43);

test('THREATS 22: the secret leaves the address at once', () => {
  const replaced: string[] = [];
  const history = { replaceState: (_state: unknown, _title: string, url: string) => replaced.push(url) } as unknown as History;
  const at = (hash: string): Location => ({ hash, pathname: '/', search: '' }) as Location;
  expect(takeSecret(at('#k=abc_DEF-1'), history)).toBe('abc_DEF-1');
  expect(replaced).toEqual(['/']);
  expect(takeSecret(at('#/audit?text=k=1'), history)).toBeNull();
});

test('the session key travels in a header, without cookies', async () => {
  const { fetch, seen } = answering(() => Response.json({ ok: true, value: 7 }));
  const bridge = createBrowserBridge({ fetch, retryMs: 5 }, key);
  expect(await bridge.invoke('status.get', {})).toEqual({ ok: true, value: 7 });
  expect(seen[0]?.url).toBe('/api/invoke');
  expect(seen[0]?.init?.credentials).toBe('omit');
  expect(new Headers(seen[0]?.init?.headers).get('authorization')).toBe(`Gatehouse ${key}`);
});

test('a used link says what the gateway said', async () => {
  const used = answering(() =>
    Response.json({ ok: false, error: { code: 'forbidden', message: 'This link is not good.' } }, { status: 403 }),
  );
  await expect(openSession({ fetch: used.fetch, retryMs: 5 }, 'x')).rejects.toThrow('This link is not good.');
  const good = answering(() => Response.json({ session: key }));
  expect(await openSession({ fetch: good.fetch, retryMs: 5 }, 'x')).toBe(key);
});

test('changes are heard, and a session that is over is not asked for again', async () => {
  const bodies = ['event: changed\ndata: "approvals"\n\n: alive\n\nevent: changed\ndata: "nonsense"\n\n'];
  const { fetch, seen } = answering(() => {
    const body = bodies.shift();
    return body === undefined
      ? new Response(null, { status: 401 })
      : new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
  const heard: string[] = [];
  const stop = createBrowserBridge({ fetch, retryMs: 5 }, key).onChanged((topic) => heard.push(topic));
  await new Promise((resolve) => setTimeout(resolve, 80));
  stop();
  expect(heard[0]).toBe('approvals');
  expect(heard).not.toContain('nonsense');
  // After the stream was lost everything counts as changed; then 401 ends it.
  expect(heard).toContain('audit');
  expect(seen).toHaveLength(2);
});

test('an event that arrives in pieces is one event', () => {
  const heard: string[] = [];
  const feed = createEventLines((data) => heard.push(data));
  for (const piece of ['da', 'ta: "ca', 'lls"\r', '\n\nid: 3\nda', 'ta:"x"\n']) feed(piece);
  expect(heard).toEqual(['"calls"', '"x"']);
});
