import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../shared/domain/approval.ts';
import type { AgentToken } from '../../shared/domain/identity.ts';
import type { JsonObject } from '../../shared/json.ts';
import { createDeciderWorld, startCaptureServer, type CaptureServer, type DeciderWorld } from '../testing/decider-world.ts';
import { freePort } from '../testing/free-port.ts';
import { rawHttp, type RawResponse } from '../testing/raw-http.ts';
import { createCallbacks, type Callbacks } from './callbacks.ts';

const slackSecret = 'slack-signing-secret-of-the-test';
let service: CaptureServer;
let world: DeciderWorld;
let callbacks: Callbacks;
let port: number;
let token: AgentToken;
let keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
let refused: JsonObject[];

beforeEach(async () => {
  service = await startCaptureServer();
  service.answer((_, response) => response.writeHead(200).end('ok'));
  world = await createDeciderWorld({ services: service.url.replace('/approve', '') });
  keys = generateKeyPairSync('ed25519');
  world.secrets.set('/slack-url', `${service.url.replace('/approve', '')}/services/T/B/hidden`);
  world.secrets.set('/slack-secret', slackSecret);
  world.secrets.set('/discord-token', 'bot-token-of-the-test');
  port = await freePort();
  refused = [];
  configure(['U1', 'U2'], ['111']);
  world.harness.judge('ask');
  token = await world.harness.mint();
  callbacks = createCallbacks({
    broker: world.harness.broker,
    config: world.config,
    shown: world.shown,
    settings: () => ({ enabled: true, port, host: 'tunnel.example' }),
    now: () => world.harness.clock.now(),
    monotonic: () => world.harness.clock.monotonic(),
    onAnswered: () => Promise.resolve(),
    onRefused: (data) => void refused.push(data),
    log: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  await callbacks.start();
});
afterEach(async () => {
  await callbacks.stop();
  for (const { id } of await world.harness.broker.list({ state: 'pending', limit: 10 }))
    await world.harness.broker.decide({ id, result: 'denied', channel: 'window', reason: 'over' });
  await world.close();
  await service.close();
});

function configure(slack: string[], discord: string[], callbacksOn = true): void {
  const raw = keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  world.configure({
    approvals: { mode: 'both' },
    deciders: {
      slack: { enabled: true, url_file: '/slack-url', signing_secret_file: '/slack-secret', approvers: slack },
      discord: { enabled: true, bot_token_file: '/discord-token', channel_id: '42', public_key: raw, approvers: discord },
      callbacks: { enabled: callbacksOn },
    },
  });
}

async function ask(text = 'one'): Promise<{ readonly request: Approval; readonly reply: Promise<unknown> }> {
  const seen = service.captured.length;
  const reply = world.harness.call(token, text);
  const [request] = await world.harness.pending();
  if (request === undefined) throw new Error('Nothing waits.');
  for (let tries = 0; tries < 1000 && service.captured.length < seen + 2; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return { request, reply };
}

const seconds = (): number => Math.floor(world.harness.clock.now() / 1000);
const slackBody = (action: string, { id, digest }: { id: string; digest: string }, user = 'U1'): string =>
  new URLSearchParams({
    payload: JSON.stringify({ type: 'block_actions', user: { id: user }, actions: [{ action_id: action, value: `${id}:${digest}` }] }),
  }).toString();
const discordBody = (action: string, { id, digest }: { id: string; digest: string }, user = '111'): string =>
  JSON.stringify({ type: 3, data: { custom_id: `${action}:${id}:${digest}`, component_type: 2 }, member: { user: { id: user } } });

interface Change {
  readonly timestamp?: string;
  readonly signature?: string;
  readonly host?: string;
  readonly headers?: string;
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
}

async function slack(body: string, change: Change = {}): Promise<RawResponse> {
  const timestamp = change.timestamp ?? seconds().toString();
  const signature = change.signature ?? `v0=${createHmac('sha256', slackSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  return await send(
    '/slack',
    body,
    'application/x-www-form-urlencoded',
    `X-Slack-Request-Timestamp: ${timestamp}\r\nX-Slack-Signature: ${signature}`,
    change,
  );
}

async function discord(body: string, change: Change = {}): Promise<RawResponse> {
  const timestamp = change.timestamp ?? seconds().toString();
  const signature = change.signature ?? sign(null, Buffer.from(`${timestamp}${body}`), keys.privateKey).toString('hex');
  return await send(
    '/discord',
    body,
    'application/json',
    `X-Signature-Timestamp: ${timestamp}\r\nX-Signature-Ed25519: ${signature}`,
    change,
  );
}

async function send(path: string, body: string, type: string, signed: string, change: Change): Promise<RawResponse> {
  const head = [
    `${change.method ?? 'POST'} ${change.path ?? path} HTTP/1.1`,
    `Host: ${change.host ?? `127.0.0.1:${port.toString()}`}`,
    `Content-Type: ${change.type ?? type}`,
    `Content-Length: ${Buffer.byteLength(body).toString()}`,
    signed,
    ...(change.headers === undefined ? [] : [change.headers]),
    'Connection: close',
  ];
  return await rawHttp(port, `${head.join('\r\n')}\r\n\r\n${body}`);
}

describe('F50: answers from chats', () => {
  it('Slack: the button approves exactly what the message showed', async () => {
    const { request, reply } = await ask();
    const message = service.captured.find(({ path }) => path.startsWith('/services/'))?.body ?? '';
    expect(message).toContain(`${request.id}:${request.digest}`);
    expect((await slack(slackBody('gatehouse_approve', request))).status).toBe(200);
    await reply;
    expect(world.harness.effects).toEqual(['one']);
    expect((await world.harness.broker.get(request.id)).decision).toMatchObject({ channel: 'slack', by: 'slack U1', result: 'approved' });
  });

  it('Discord: a ping is answered, a button decides, the host of the tunnel is known', async () => {
    expect(JSON.parse((await discord('{"type":1}')).body)).toEqual({ type: 1 });
    const { request, reply } = await ask();
    expect((await discord(discordBody('deny', request), { host: 'tunnel.example' })).status).toBe(200);
    await reply;
    expect(world.harness.effects).toEqual([]);
    expect((await world.harness.broker.get(request.id)).decision).toMatchObject({
      channel: 'discord',
      by: 'discord 111',
      result: 'denied',
    });
  });

  it.each<[string, number, Change]>([
    ['a forged signature', 401, { signature: `v0=${'0'.repeat(64)}` }],
    ['no signature to speak of', 401, { signature: 'v0=' }],
    ['another version', 401, { signature: `v1=${'0'.repeat(64)}` }],
    ['an old timestamp, well signed', 401, { timestamp: (Date.parse('2026-03-01T12:00:00Z') / 1000 - 301).toString() }],
    ['a timestamp ahead, well signed', 401, { timestamp: (Date.parse('2026-03-01T12:00:00Z') / 1000 + 301).toString() }],
    ['no number as timestamp', 401, { timestamp: 'NaN' }],
    ['a Host of another name', 403, { host: 'evil.example' }],
    ['a Host of another port', 403, { host: '127.0.0.1:1' }],
    ['an Origin', 403, { headers: 'Origin: https://hooks.slack.com' }],
    ['a second signature', 400, { headers: 'X-Slack-Signature: v0=00' }],
    ['a second Host', 400, { headers: 'Host: tunnel.example' }],
    ['GET', 405, { method: 'GET' }],
    ['another path', 404, { path: '/slack/' }],
    ['a path with a query', 404, { path: '/slack?x=1' }],
    ['the agents’ path', 404, { path: '/mcp' }],
    ['another type', 415, { type: 'application/json' }],
    ['a compressed body', 415, { headers: 'Content-Encoding: gzip' }],
  ])('%s is refused, and decides nothing', async (_name, status, change) => {
    const { request } = await ask();
    const answer = await slack(slackBody('gatehouse_approve', request), change);
    expect(answer.status).toBe(status);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await world.harness.broker.get(request.id)).state).toBe('pending');
    expect(world.harness.effects).toEqual([]);
    expect(refused).toHaveLength(1);
  });

  it('a Discord signature of another key, or of another body, is refused', async () => {
    const { request } = await ask();
    const body = discordBody('approve', request);
    const other = sign(null, Buffer.from(`${seconds().toString()}${body}`), generateKeyPairSync('ed25519').privateKey).toString('hex');
    expect((await discord(body, { signature: other })).status).toBe(401);
    const ofPing = sign(null, Buffer.from(`${seconds().toString()}{"type":1}`), keys.privateKey).toString('hex');
    expect((await discord(body, { signature: ofPing })).status).toBe(401);
    expect(world.harness.effects).toEqual([]);
  });

  it('the same callback counts once, whatever its signature is spelled like', async () => {
    const { request, reply } = await ask();
    const body = discordBody('deny', request, '999');
    expect((await discord(body)).status).toBe(200);
    expect((await discord(body)).status).toBe(409);
    const upper = sign(null, Buffer.from(`${seconds().toString()}${body}`), keys.privateKey)
      .toString('hex')
      .toUpperCase();
    expect((await discord(body, { signature: upper })).status).toBe(409);
    expect((await discord(discordBody('deny', request))).status).toBe(200);
    await reply;
  });

  it('a body that is too long is refused before it is read', async () => {
    expect((await slack('x'.repeat(70_000))).status).toBe(413);
  });

  it.each<[string, (request: Approval) => string]>([
    ['somebody who is not named', (request) => slackBody('gatehouse_approve', request, 'U9')],
    ['another digest', (request) => slackBody('gatehouse_approve', { id: request.id, digest: 'f'.repeat(64) })],
    ['another request', (request) => slackBody('gatehouse_approve', { id: 'apr_0000000000000000', digest: request.digest })],
    ['another action', (request) => slackBody('approve_all', request)],
    [
      'two actions',
      (request) =>
        `payload=${encodeURIComponent(
          JSON.stringify({
            type: 'block_actions',
            user: { id: 'U1' },
            actions: [
              { action_id: 'gatehouse_approve', value: `${request.id}:${request.digest}` },
              { action_id: 'x', value: 'y' },
            ],
          }),
        )}`,
    ],
  ])('well signed, and still no decision: %s', async (_name, make) => {
    const { request } = await ask();
    expect((await slack(make(request))).status).toBe(200);
    expect((await world.harness.broker.get(request.id)).state).toBe('pending');
    expect(world.harness.effects).toEqual([]);
  });

  it.each(['payload={}&payload={}', 'x=1', `payload=${encodeURIComponent('{"type":"block_actions","type":"x"}')}`])(
    'a body that Slack does not send (%s) is refused',
    async (body) => expect((await slack(body)).status).toBe(400),
  );

  it.each<[string, string]>([
    ['4 kB of innocence', `echo ${'a'.repeat(4000)}; rm -rf /`],
    ['200 line ends', `echo${'\n'.repeat(200)}rm -rf /`],
    ['a long gap', `echo ${' '.repeat(40)}; rm -rf /`],
    ['right to left', 'echo \u202e cod.exe'],
    ['a Cyrillic host', 'curl https://\u0430pple.com'],
    ['a secret', 'curl -H "Authorization: Bearer abcdefghijklmnop"'],
  ])('what cannot be shown in full cannot be approved there: %s', async (_name, text) => {
    const { request } = await ask(text);
    const bodies = service.captured.map(({ body }) => body);
    expect(bodies.join('')).toContain(request.id);
    expect(bodies.join('')).not.toMatch(/gatehouse_approve|"approve:/);
    await slack(slackBody('gatehouse_approve', request));
    expect((await world.harness.broker.get(request.id)).state).toBe('pending');
    expect(world.harness.effects).toEqual([]);
  });

  it('shows no markup of the agent’s, mentions nobody, and carries no secret of ours', async () => {
    await ask('<!channel> <@U1> *x* @everyone [a](https://evil.test) `b` ||c||');
    const slackMessage = service.captured.find(({ path }) => path.startsWith('/services/'))?.body ?? '';
    const discordMessage = service.captured.find(({ path }) => path.startsWith('/api/'))?.body ?? '';
    expect(slackMessage).not.toContain('<!channel>');
    expect(slackMessage).toContain('&lt;!channel&gt;');
    expect(slackMessage).not.toContain('"mrkdwn"');
    const { content, allowed_mentions: mentions } = JSON.parse(discordMessage) as { content: string; allowed_mentions: unknown };
    expect(content).toContain('\\@everyone \\[a\\]\\(https\\:\\/\\/evil\\.test\\)');
    expect(mentions).toEqual({ parse: [] });
    for (const secret of [slackSecret, 'bot-token-of-the-test', 'hidden'])
      expect(slackMessage + discordMessage + JSON.stringify(await world.harness.events())).not.toContain(secret);
  });

  it('without anybody named, or without the listener, there are no buttons', async () => {
    configure([], []);
    const first = await ask('a');
    await world.harness.broker.decide({ id: first.request.id, result: 'denied', channel: 'window', reason: '' });
    configure(['U1'], ['111'], false);
    await ask('b');
    expect(service.captured.map(({ body }) => body).join('')).not.toMatch(/gatehouse_|custom_id/);
  });
});
