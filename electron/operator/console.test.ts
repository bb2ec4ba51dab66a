import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChangeBus } from '../core/change-bus.ts';
import { createLiveOutput } from '../core/live-output.ts';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import { rawRequest, rawStream } from '../testing/http/raw-request.ts';
import type { Caller } from './caller.ts';
import { consoleHeaders, createConsoleListener, type ConsoleListener } from './console.ts';
import { linkLifeMs, sessionIdleMs } from './console-access.ts';

const evil = 'http://evil.test';

describe('the browser console', () => {
  let dir: string;
  let console_: ConsoleListener;
  let port: number;
  let clock: FakeClock;
  let events: string[];
  let callers: Caller[];
  let recordFails: boolean;
  const bus = createChangeBus();

  const build = (at = 0): ConsoleListener =>
    createConsoleListener({
      port: () => at,
      rendererDir: dir,
      bus,
      live: createLiveOutput(),
      dispatcher: {
        dispatch: async (_name, _input, caller) => {
          callers.push(caller);
          return { ok: true, value: null };
        },
      },
      clock,
      onOpened: async () => {
        if (recordFails) throw new Error('disk full');
        events.push('opened');
      },
      onRefused: async (reason) => void events.push(reason),
      log: { error: () => undefined },
    });

  const own = (): Record<string, string> => ({
    Host: `127.0.0.1:${port}`,
    Origin: `http://127.0.0.1:${port}`,
    'Content-Type': 'application/json',
  });
  const secretOf = (url: string): string => new URL(url).hash.slice('#k='.length);
  const exchange = (secret: string, headers: Record<string, string | string[]> = own()) =>
    rawRequest({ to: port, method: 'POST', path: '/api/session', headers, body: JSON.stringify({ secret }) });
  const signIn = async (): Promise<string> => {
    const answer = await exchange(secretOf(console_.newLink().url));
    expect(answer.status).toBe(200);
    return (JSON.parse(answer.text) as { session: string }).session;
  };
  const invoke = (key: string, headers: Record<string, string | string[]> = {}) =>
    rawRequest({
      to: port,
      method: 'POST',
      path: '/api/invoke',
      headers: { ...own(), Authorization: `Gatehouse ${key}`, ...headers },
      body: '{"name":"status.get","input":{}}',
    });

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'gatehouse-console-'));
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Gatehouse</title>');
    writeFileSync(join(dir, 'approval.html'), 'desktop only');
    writeFileSync(join(dir, 'assets', 'app.js'), 'export {};');
    writeFileSync(join(dir, 'notes.txt'), 'CANARY');
    clock = createFakeClock(Date.parse('2026-11-23T12:00:00Z'));
    [events, callers, recordFails] = [[], [], false];
    console_ = build();
    await console_.start();
    port = Number(new URL(console_.url() ?? '').port);
  });
  afterEach(async () => {
    await console_.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('opens by its link, and calls arrive as the console’s (positive control)', async () => {
    const link = console_.newLink();
    expect(link.url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#k=[A-Za-z0-9_-]{43}$`));
    expect(link.expires_at).toBe('2026-11-23T12:05:00.000Z');
    const key = await signIn();
    expect((await invoke(key)).status).toBe(200);
    expect(callers).toEqual([{ channel: 'console' }]);
    expect(events).toEqual(['opened']);
  });

  it('serves the built pages with strict headers, no cookie and no CORS', async () => {
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/assets/app.js', 'text/javascript'],
    ] as const) {
      const answer = await rawRequest({ to: port, path, headers: { Host: `localhost:${port}` } });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toContain(type);
      for (const [name, value] of Object.entries(consoleHeaders)) expect(answer.headers[name.toLowerCase()]).toBe(value);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(consoleHeaders['Content-Security-Policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(consoleHeaders['Content-Security-Policy']).toContain("frame-ancestors 'none'");
    expect(consoleHeaders['Content-Security-Policy']).not.toContain('unsafe');
  });

  it.each([
    '/notes.txt',
    '/approval.html',
    '/../notes.txt',
    '/assets/../../etc/passwd',
    '/%2e%2e/notes.txt',
    '//',
    '/assets/',
    '/index.html?x',
    '/constructor',
  ])('does not serve %s', async (path) => {
    const answer = await rawRequest({ to: port, path, headers: { Host: `127.0.0.1:${port}` } });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('CANARY');
  });

  it('refuses a second use of a link, says so, and ends the session that the link opened', async () => {
    const secret = secretOf(console_.newLink().url);
    const first = JSON.parse((await exchange(secret)).text) as { session: string };
    const other = await signIn();
    expect((await invoke(first.session)).status).toBe(200);
    expect((await exchange(secret)).status).toBe(403);
    expect(events).toEqual(['opened', 'opened', 'used_twice']);
    expect((await invoke(first.session)).status).toBe(401);
    expect((await invoke(other)).status).toBe(200);
  });

  it('refuses a link after five minutes, and a key after twelve idle hours', async () => {
    const late = secretOf(console_.newLink().url);
    await clock.advance(linkLifeMs);
    expect((await exchange(late)).status).toBe(403);
    const key = await signIn();
    await clock.advance(sessionIdleMs - 1);
    expect((await invoke(key)).status).toBe(200);
    await clock.advance(sessionIdleMs - 1);
    expect((await invoke(key)).status).toBe(200);
    await clock.advance(sessionIdleMs);
    expect((await invoke(key)).status).toBe(401);
    expect(events).toEqual(['expired', 'opened', 'no_session']);
  });

  it('opens nothing when the opening cannot be recorded', async () => {
    recordFails = true;
    const answer = await exchange(secretOf(console_.newLink().url));
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('session":');
  });

  it('takes a key from the header only', async () => {
    const key = await signIn();
    const without = { ...own() };
    expect(
      (
        await rawRequest({
          to: port,
          method: 'POST',
          path: '/api/invoke',
          headers: { ...without, Cookie: `session=${key}` },
          body: '{"name":"status.get","input":{}}',
        })
      ).status,
    ).toBe(401);
    expect((await rawRequest({ to: port, path: `/api/changes?session=${key}`, headers: { Host: `127.0.0.1:${port}` } })).status).toBe(401);
    expect((await invoke('A'.repeat(43))).status).toBe(401);
    expect((await invoke(key, { Authorization: `Bearer ${key}` })).status).toBe(401);
    expect((await invoke(key, { Authorization: [`Gatehouse ${key}`, `Gatehouse ${key}`] })).status).toBe(401);
    expect(callers).toEqual([]);
  });

  const doors: readonly (readonly [string, Record<string, string | string[]>, number])[] = [
    ['another name', { Host: 'evil.test' }, 403],
    ['another port', { Host: '127.0.0.1:1' }, 403],
    ['a name with a dot', { Host: 'localhost.:1' }, 403],
    ['two names', { Host: ['127.0.0.1', 'evil.test'] }, 400],
    ['another origin', { Origin: evil }, 403],
    ['the null origin', { Origin: 'null' }, 403],
    ['two origins', { Origin: [evil, evil] }, 400],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a sibling port’s page', { 'Sec-Fetch-Site': 'same-site' }, 403],
  ];
  it.each(doors)('refuses %s before it looks at the key', async (_what, headers, status) => {
    const key = await signIn();
    expect((await invoke(key, headers)).status).toBe(status);
    expect((await exchange(secretOf(console_.newLink().url), { ...own(), ...headers })).status).toBe(status);
    expect(callers).toEqual([]);
    expect(events).toEqual(['opened']);
  });

  it('refuses a POST without an origin, other methods, and a preflight', async () => {
    const key = await signIn();
    const { Origin: _origin, ...noOrigin } = own();
    const headers = { ...noOrigin, Authorization: `Gatehouse ${key}` };
    expect(
      (await rawRequest({ to: port, method: 'POST', path: '/api/invoke', headers, body: '{"name":"status.get","input":{}}' })).status,
    ).toBe(403);
    for (const method of ['OPTIONS', 'PUT', 'DELETE', 'TRACE', 'HEAD']) {
      const answer = await rawRequest({
        to: port,
        method,
        path: '/api/invoke',
        headers: { ...own(), 'Access-Control-Request-Private-Network': 'true' },
      });
      expect(answer.status).toBe(405);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(callers).toEqual([]);
  });

  it('bounds guesses, records few of them, and never locks a good link out', async () => {
    const secret = secretOf(console_.newLink().url);
    const statuses = [];
    for (let guess = 0; guess < 30; guess += 1) statuses.push((await exchange(`guess-${guess}`)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    expect(events.filter((event) => event === 'unknown')).toHaveLength(10);
    expect((await exchange(secret)).status).toBe(200);
  });

  it('streams to a page with a key, until its session ends', async () => {
    const secret = secretOf(console_.newLink().url);
    const { session } = JSON.parse((await exchange(secret)).text) as { session: string };
    const headers = { Host: `127.0.0.1:${port}`, Authorization: `Gatehouse ${session}` };
    const changes = await rawStream({ to: port, path: '/api/changes', headers });
    expect(changes.status).toBe(200);
    await vi.waitFor(() => expect(changes.text()).toContain(': open'));
    bus.changed('calls');
    await vi.waitFor(() => expect(changes.text()).toContain('data: "calls"'));
    await exchange(secret);
    await changes.ended;
  });

  it('ends the streams of a page that only listens after twelve hours', async () => {
    const headers = { Host: `127.0.0.1:${port}`, Authorization: `Gatehouse ${await signIn()}` };
    const changes = await rawStream({ to: port, path: '/api/changes', headers });
    await clock.advance(sessionIdleMs);
    await changes.ended;
  });

  it('takes no other port when its own is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const taken = (holder.address() as AddressInfo).port;
    await expect(build(taken).start()).rejects.toMatchObject({ code: 'unavailable', cause: { code: 'EADDRINUSE' } });
    await new Promise((resolve) => holder.close(resolve));
  });
});
