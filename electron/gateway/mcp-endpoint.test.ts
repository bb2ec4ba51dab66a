import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Client } from '@modelcontextprotocol/client';
import { type ClientMode, type McpFixture, messagesOf, startMcpFixture } from '../testing/mcp-fixture.ts';

const MODES: ClientMode[] = ['2025', '2026'];
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
};

let fixture: McpFixture;
const clients: Client[] = [];

async function start(deps: Parameters<typeof startMcpFixture>[0] = {}): Promise<McpFixture> {
  fixture = await startMcpFixture(deps);
  return fixture;
}

async function connect(mode: ClientMode, token?: string): Promise<Client> {
  const client = await fixture.connect(mode, token);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await fixture.stop();
});

/** One raw 2026-07-28 request with the headers it needs. */
function modern(method: string, params: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Response> {
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...META, ...(params['_meta'] as object | undefined) } } };
  const name = typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {};
  return fixture.send('POST', body, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...name, ...headers });
}

const called = (name: string): Promise<void> =>
  vi.waitFor(() => expect(fixture.backend.calls.some((call) => call.name === name)).toBe(true));
const lastCall = (): McpFixture['backend']['calls'][number] => fixture.backend.calls.at(-1)!;

describe.each(MODES)('the SDK client, %s', (mode) => {
  test('negotiates its revision, lists the tools of its own token and calls one', async () => {
    await start();
    const client = await connect(mode);
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === '2026' ? '2026-07-28' : '2025-11-25');
    expect(client.getServerCapabilities()).toEqual({ tools: { listChanged: false } });
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['echo', 'wait', 'deny', 'bug', 'only_tok-a']);
    expect(tools[0]?.inputSchema).toEqual({ type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false });
    const result = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(result.content).toEqual([{ type: 'text', text: '{"text":"hi"}' }]);
    expect(result.structuredContent).toEqual({ agent: 'agent-tok-a' });
    expect(lastCall().context.client).toEqual({ name: 'probe', version: '9' });
  });

  test('gets a denial as a result and an unknown tool as -32602', async () => {
    await start();
    const client = await connect(mode);
    const denied = await client.callTool({ name: 'deny' });
    expect(denied).toMatchObject({ isError: true, structuredContent: { outcome: 'denied', rule: 'r1', reason: 'no' } });
    for (const name of ['nope', 'constructor', 'Echo', 'echo ', '__proto__']) {
      await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32602 });
    }
  });

  test('learns nothing of a bug but a reference', async () => {
    await start();
    const client = await connect(mode);
    const error: unknown = await client.callTool({ name: 'bug' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: -32603 });
    expect(String(error)).not.toContain('secret detail');
    expect(fixture.errors).toHaveLength(1);
    expect(String(error)).toContain(fixture.errors[0]?.reference);
  });

  test('gets rising progress while a call waits, and none afterwards', async () => {
    await start({ progressEveryMs: 40 });
    const client = await connect(mode);
    const seen: { progress: number; message?: string | undefined }[] = [];
    const waiting = client.callTool({ name: 'wait' }, { onprogress: (progress) => seen.push(progress) });
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(4));
    fixture.backend.release();
    await expect(waiting).resolves.toMatchObject({ content: [{ text: 'released' }] });
    expect(seen.map(({ progress }) => progress)).toEqual(seen.map((_, index) => index + 1));
    expect(seen[0]?.message).toBe('Waiting for the operator');
    const total = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(seen).toHaveLength(total);
  });

  test('cancels a call by its abort signal', async () => {
    await start();
    const client = await connect(mode);
    const aborting = new AbortController();
    const waiting = client.callTool({ name: 'wait' }, { signal: aborting.signal });
    const failed = expect(waiting).rejects.toThrow();
    await called('wait');
    expect(lastCall().context.signal.aborted).toBe(false);
    aborting.abort('changed my mind');
    await failed;
    await vi.waitFor(() => expect(lastCall().context.signal.aborted).toBe(true));
    // The connection is still good.
    await expect(client.callTool({ name: 'echo' })).resolves.toMatchObject({ content: [{ text: '{}' }] });
  });

  test('F22: is told at once when its token is revoked, and no other token is', async () => {
    await start();
    const [client, other] = [await connect(mode), await connect(mode, 'tok-b')];
    const waiting = client.callTool({ name: 'wait' });
    const failed = expect(waiting).rejects.toMatchObject({ code: -32000, message: 'This token was revoked.' });
    const untouched = other.callTool({ name: 'wait' });
    await vi.waitFor(() => expect(fixture.backend.calls).toHaveLength(2));
    fixture.endpoint.endToken('tok-a');
    const signals = Object.fromEntries(fixture.backend.calls.map(({ context }) => [context.principal.tokenId, context.signal.aborted]));
    expect(signals).toEqual({ 'tok-a': true, 'tok-b': false });
    await failed;
    fixture.backend.release();
    await expect(untouched).resolves.toMatchObject({ content: [{ text: 'released' }] });
  });

  test('is answered when the gateway stops, and refused afterwards', async () => {
    await start();
    const client = await connect(mode);
    const failed = expect(client.callTool({ name: 'wait' })).rejects.toMatchObject({ message: 'The gateway is stopping.' });
    await called('wait');
    await fixture.endpoint.stop();
    await failed;
    expect(lastCall().context.signal.aborted).toBe(true);
    expect((await fixture.send('POST', { jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(503);
  });
});

describe('2026-07-28 on the wire', () => {
  test('server/discover names the revision', async () => {
    await start();
    const [message] = await messagesOf(await modern('server/discover'));
    expect(message).toMatchObject({ id: 1, result: { supportedVersions: ['2026-07-28'], ttlMs: 0, cacheScope: 'private' } });
  });

  test('progress goes only to who asked for it, under a token of bounded length', async () => {
    await start({ progressEveryMs: 20 });
    const tokens = [undefined, 'p'.repeat(257), 'p', 0];
    const responses = await Promise.all(tokens.map((progressToken) => modern('tools/call', { name: 'wait', _meta: { progressToken } })));
    await vi.waitFor(() => expect(fixture.backend.calls).toHaveLength(4));
    await new Promise((resolve) => setTimeout(resolve, 100));
    fixture.backend.release();
    const counts = await Promise.all(responses.map(async (response) => (await messagesOf(response)).length));
    expect(counts.map((count) => count > 1)).toEqual([false, false, true, true]);
  });

  test('a closed response stream cancels the call', async () => {
    await start();
    const aborting = new AbortController();
    const response = await fetch(fixture.url, {
      method: 'POST',
      signal: aborting.signal,
      headers: {
        authorization: 'Bearer tok-a',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'wait',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wait', _meta: META } }),
    });
    // The stream is open before anything is written to it.
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await called('wait');
    expect(lastCall().context.isConnected()).toBe(true);
    expect(lastCall().context.signal.aborted).toBe(false);
    aborting.abort();
    await vi.waitFor(() => expect(lastCall().context.signal.aborted).toBe(true));
    expect(lastCall().context.isConnected()).toBe(false);
  });

  test('the principal is the front door’s, whatever the message claims', async () => {
    await start();
    const claims = { tokenId: 'tok-b', agent: 'root', principal: { tokenId: 'tok-b' }, authInfo: { token: 'tok-b' } };
    const headers = { 'mcp-session-id': 'x', 'x-agent': 'root', 'x-token-id': 'tok-b' };
    await modern('tools/call', { name: 'echo', arguments: {}, ...claims, _meta: claims }, headers);
    expect(lastCall().context.principal).toEqual({ tokenId: 'tok-a', agent: 'agent-tok-a' });
  });

  test('arguments arrive exactly as the front door parsed them', async () => {
    await start();
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"__proto__":{"x":1},"text":"a"},"_meta":${JSON.stringify(META)}}}`;
    await fetch(fixture.url, {
      method: 'POST',
      headers: {
        authorization: 'Bearer tok-a',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'echo',
      },
      body: text,
    });
    expect(Object.keys(lastCall().args as object)).toEqual(['__proto__', 'text']);
  });

  test.each([
    [
      'a future revision',
      { _meta: { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' } },
      { 'mcp-protocol-version': '2027-01-01' },
      400,
      -32022,
    ],
    ['a header that disagrees with the body', {}, { 'mcp-protocol-version': '2025-11-25' }, 400, -32020],
    ['a method header that disagrees', {}, { 'mcp-method': 'ping' }, 400, -32020],
  ])('refuses %s', async (_title, params, headers, status, code) => {
    await start();
    const response = await modern('tools/list', params, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  test('refuses ping, which it no longer has, and arguments that are no object', async () => {
    await start();
    expect((await modern('ping')).status).toBe(404);
    const [message] = await messagesOf(await modern('tools/call', { name: 'echo', arguments: [1] }));
    expect(message).toMatchObject({ error: { code: -32602 } });
    expect(fixture.backend.calls).toEqual([]);
  });

  test('refuses batches and what is no JSON-RPC message', async () => {
    await start();
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } };
    for (const body of [[call], [], [{ ...call, params: { ...call.params, _meta: META } }], null, 3, 'x', {}, { ...call, id: null }]) {
      const response = await fixture.send('POST', body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: -32600 } });
    }
    expect((await fixture.send('POST')).status).toBe(400);
    expect(fixture.backend.calls).toEqual([]);
  });

  test('bounds what one token may have open', async () => {
    await start({ maxOpenPerToken: 3 });
    const client = await connect('2026');
    const waiting = [1, 2, 3].map(() => client.callTool({ name: 'wait' }));
    await vi.waitFor(() => expect(fixture.backend.calls).toHaveLength(3));
    expect((await modern('tools/list')).status).toBe(429);
    const other = await connect('2026', 'tok-b');
    await expect(other.callTool({ name: 'echo' })).resolves.toBeDefined();
    fixture.backend.release();
    await Promise.all(waiting);
    expect((await modern('tools/list')).status).toBe(200);
  });
});
