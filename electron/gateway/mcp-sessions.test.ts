import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type McpFixture, messagesOf, startMcpFixture } from '../testing/mcp-fixture.ts';

const HOUR = 60 * 60 * 1000;
let now = 0;
let fixture: McpFixture;

beforeEach(async () => {
  now = 0;
  fixture = await startMcpFixture({ maxSessionsPerToken: 2, monotonic: () => now });
});

afterEach(() => fixture.stop());

const lastCall = (): McpFixture['backend']['calls'][number] => fixture.backend.calls.at(-1)!;

function initialize(protocolVersion: string, token?: string): Promise<Response> {
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'n'.repeat(5000), version: '1' } };
  return fixture.send('POST', { jsonrpc: '2.0', id: 0, method: 'initialize', params }, {}, token);
}

async function openSession(token?: string): Promise<string> {
  const response = await initialize('2025-06-18', token);
  await response.text();
  return response.headers.get('mcp-session-id')!;
}

function post(session: string, message: Record<string, unknown>, token?: string, headers: Record<string, string> = {}): Promise<Response> {
  return fixture.send('POST', { jsonrpc: '2.0', ...message }, { 'mcp-session-id': session, ...headers }, token);
}

const ping = (session: string, token?: string): Promise<Response> => post(session, { id: 99, method: 'ping' }, token);
const callWait = (session: string, id: number | string): Promise<Response> =>
  post(session, { id, method: 'tools/call', params: { name: 'wait' } });
const cancel = (session: string, requestId: number | string): Promise<Response> =>
  post(session, { method: 'notifications/cancelled', params: { requestId } });
const listen = (session: string, token?: string): Promise<Response> => fixture.send('GET', undefined, { 'mcp-session-id': session }, token);

async function waitFor(count: number): Promise<void> {
  await vi.waitFor(() => expect(fixture.backend.calls).toHaveLength(count));
}

test.each([
  ['2025-11-25', '2025-11-25'],
  ['2025-06-18', '2025-06-18'],
  ['2025-03-26', '2025-11-25'],
  ['2026-07-28', '2025-11-25'],
  ['nonsense', '2025-11-25'],
])('initialize for %s is answered with %s', async (asked, given) => {
  const response = await initialize(asked);
  expect(response.headers.get('mcp-session-id')).toMatch(/^[0-9a-f-]{36}$/);
  const [message] = await messagesOf(response);
  expect(message).toMatchObject({ id: 0, result: { protocolVersion: given, serverInfo: { name: 'gatehouse' } } });
});

test('a session works with and without the version header, and refuses an unknown version', async () => {
  const session = await openSession();
  expect((await post(session, { method: 'notifications/initialized' })).status).toBe(202);
  expect(await messagesOf(await ping(session))).toEqual([{ jsonrpc: '2.0', id: 99, result: {} }]);
  expect((await post(session, { id: 1, method: 'ping' }, undefined, { 'mcp-protocol-version': '2025-06-18' })).status).toBe(200);
  expect((await post(session, { id: 2, method: 'ping' }, undefined, { 'mcp-protocol-version': '2024-11-05' })).status).toBe(400);
});

test('another token’s session is not found, and goes on for its own', async () => {
  const session = await openSession('tok-a');
  const call = { id: 1, method: 'tools/call', params: { name: 'echo' } };
  for (const response of [
    await post(session, call, 'tok-b'),
    await listen(session, 'tok-b'),
    await fixture.send('DELETE', undefined, { 'mcp-session-id': session }, 'tok-b'),
  ]) {
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: -32001, message: 'Session not found' } });
  }
  expect(fixture.backend.calls).toEqual([]);
  await (await post(session, call, 'tok-a')).text();
  expect(lastCall().context.principal).toEqual({ tokenId: 'tok-a', agent: 'agent-tok-a' });
});

test('without a session everything but initialize is refused', async () => {
  for (const response of [
    await fixture.send('POST', { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    await fixture.send('GET'),
    await fixture.send('DELETE'),
  ]) {
    expect(response.status).toBe(400);
  }
  expect((await ping('6f1c8a52-0000-4000-8000-000000000000')).status).toBe(404);
});

test('a refused initialize opens no session and costs none', async () => {
  const kept = [await openSession(), await openSession()];
  for (let i = 0; i < 5; i += 1) {
    expect((await fixture.send('POST', { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} })).status).toBe(400);
  }
  for (const session of kept) expect((await ping(session)).status).toBe(200);
});

test('what a client calls itself is cut to a bounded length', async () => {
  const session = await openSession();
  await (await post(session, { id: 1, method: 'tools/call', params: { name: 'echo' } })).text();
  expect(lastCall().context.client).toEqual({ name: 'n'.repeat(128), version: '1' });
});

test('a lost stream is no cancellation; notifications/cancelled of the same session is', async () => {
  const [session, other] = [await openSession(), await openSession()];
  const aborting = new AbortController();
  await fetch(fixture.url, {
    method: 'POST',
    signal: aborting.signal,
    headers: {
      authorization: 'Bearer tok-a',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-session-id': session,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wait' } }),
  });
  await waitFor(1);
  const { context } = lastCall();
  aborting.abort();
  await vi.waitFor(() => expect(context.isConnected()).toBe(false));
  expect((await cancel(other, 7)).status).toBe(202);
  expect((await cancel(session, '7')).status).toBe(202);
  expect((await cancel(session, 8)).status).toBe(202);
  await (await ping(session)).text();
  expect(context.signal.aborted).toBe(false);
  expect((await cancel(session, 7)).status).toBe(202);
  await vi.waitFor(() => expect(context.signal.aborted).toBe(true));
});

test('a cancelled call gets no answer and its stream ends', async () => {
  const session = await openSession();
  const response = await callWait(session, 7);
  await waitFor(1);
  await cancel(session, 7);
  expect(await messagesOf(response)).toEqual([]);
  // Cancelling what is over changes nothing.
  expect((await cancel(session, 7)).status).toBe(202);
  const again = await callWait(session, 7);
  await waitFor(2);
  fixture.backend.release();
  expect(await messagesOf(again)).toMatchObject([{ id: 7, result: { content: [{ text: 'released' }] } }]);
});

test('an id that is still in use is refused', async () => {
  const session = await openSession();
  const first = await callWait(session, 1);
  await waitFor(1);
  for (const message of [
    { id: 1, method: 'tools/call', params: { name: 'echo' } },
    { id: 1, method: 'ping' },
  ]) {
    expect((await post(session, message)).status).toBe(400);
  }
  fixture.backend.release();
  expect(await messagesOf(first)).toMatchObject([{ id: 1, result: { content: [{ text: 'released' }] } }]);
  expect((await post(session, { id: 1, method: 'ping' })).status).toBe(200);
});

test('DELETE ends the session, its listening stream and its calls', async () => {
  const session = await openSession();
  const stream = await listen(session);
  expect(stream.status).toBe(200);
  expect((await listen(session)).status).toBe(409);
  const waiting = await callWait(session, 1);
  await waitFor(1);
  expect((await fixture.send('DELETE', undefined, { 'mcp-session-id': session })).status).toBe(200);
  expect(await stream.text()).toBe('');
  expect(await messagesOf(waiting)).toEqual([]);
  expect(lastCall().context.signal.aborted).toBe(true);
  expect((await ping(session)).status).toBe(404);
});

test('a lost listening stream can be opened again at once', async () => {
  const session = await openSession();
  const stream = await listen(session);
  await stream.body?.cancel();
  // Well before the next keep-alive comment, which comes every 15 s.
  await vi.waitFor(async () => expect((await listen(session)).status).toBe(200));
});

test('F82: revocation ends the token’s sessions and listening streams, and only those', async () => {
  const [mine, theirs] = [await openSession('tok-a'), await openSession('tok-b')];
  const [stream, other] = [await listen(mine, 'tok-a'), await listen(theirs, 'tok-b')];
  fixture.endpoint.endToken('tok-a');
  await expect(stream.text().catch(() => 'dropped')).resolves.toMatch(/^(dropped)?$/);
  expect((await ping(mine, 'tok-a')).status).toBe(404);
  expect((await ping(theirs, 'tok-b')).status).toBe(200);
  await other.body?.cancel();
});

test('F82: revocation aborts a call whose stream is long gone', async () => {
  const session = await openSession();
  const response = await callWait(session, 1);
  await waitFor(1);
  await response.body?.cancel();
  await vi.waitFor(() => expect(lastCall().context.isConnected()).toBe(false));
  expect(lastCall().context.signal.aborted).toBe(false);
  fixture.endpoint.endToken('tok-a');
  expect(lastCall().context.signal.aborted).toBe(true);
});

test('one session too many drops the idle one that was used longest ago', async () => {
  const first = await openSession();
  now = 1;
  const second = await openSession();
  now = 2;
  await (await ping(first)).text();
  const foreign = await openSession('tok-b');
  now = 3;
  const third = await openSession();
  expect((await ping(second)).status).toBe(404);
  for (const [session, token] of [
    [first, 'tok-a'],
    [third, 'tok-a'],
    [foreign, 'tok-b'],
  ] as const)
    expect((await ping(session, token)).status).toBe(200);
});

test('sessions with pending calls are never dropped: a new one is refused', async () => {
  const sessions = [await openSession(), await openSession()];
  for (const session of sessions) await callWait(session, 1);
  await waitFor(2);
  expect((await initialize('2025-11-25')).status).toBe(429);
  expect((await initialize('2025-11-25', 'tok-b')).status).toBe(200);
  fixture.backend.release();
  await vi.waitFor(async () => expect((await initialize('2025-11-25')).status).toBe(200));
});

test('an idle session expires, unless it is listening or a call is pending', async () => {
  const [idle, listening] = [await openSession(), await openSession()];
  const busy = await openSession('tok-b');
  const stream = await listen(listening);
  await post(busy, { id: 1, method: 'tools/call', params: { name: 'wait' } }, 'tok-b');
  await waitFor(1);
  now = 9 * HOUR;
  expect((await ping(idle)).status).toBe(404);
  expect((await ping(listening)).status).toBe(200);
  expect((await ping(busy, 'tok-b')).status).toBe(200);
  await stream.body?.cancel();
});
