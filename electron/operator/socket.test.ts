import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallId } from '../../shared/domain/identity.ts';
import { createChangeBus } from '../core/change-bus.ts';
import { createLiveOutput } from '../core/live-output.ts';
import { rawRequest, rawStream } from '../testing/http/raw-request.ts';
import type { Caller } from './caller.ts';
import { createOperatorSocket, type OperatorSocket } from './socket.ts';
import { operatorSocketPath } from './socket-path.ts';

const call = `call_${'a'.repeat(20)}` as CallId;
const json = { 'Content-Type': 'application/json' };

describe('the operator socket', () => {
  let dir: string;
  let path: string;
  let asked: [unknown, unknown, Caller][];
  const bus = createChangeBus();
  const live = createLiveOutput();
  const open: OperatorSocket[] = [];
  const build = (at = path) => {
    const dispatcher = {
      dispatch: async (name: unknown, input: unknown, caller: Caller) => {
        asked.push([name, input, caller]);
        return { ok: true, value: { echo: input } } as const;
      },
    };
    const socket = createOperatorSocket({ path: at, dispatcher, bus, live });
    open.push(socket);
    return socket;
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'gatehouse-socket-'));
    path = join(dir, 'operator.sock');
    asked = [];
  });
  afterEach(async () => {
    for (const socket of open.splice(0)) await socket.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('answers calls as the command line, whatever they say of themselves', async () => {
    await build().start();
    const body = JSON.stringify({ name: 'status.get', input: { a: 1 } });
    const headers = { ...json, 'X-Channel': 'window', Authorization: 'Gatehouse window' };
    const answer = await rawRequest({ to: path, method: 'POST', path: '/api/invoke', headers, body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ ok: true, value: { echo: { a: 1 } } });
    expect(asked).toEqual([['status.get', { a: 1 }, { channel: 'command-line' }]]);
  });

  it.each([
    ['broken JSON', '{"name":', json],
    ['a duplicate key', '{"name":"a","name":"b","input":{}}', json],
    ['an extra key', '{"name":"a","input":{},"channel":"window"}', json],
    ['a form', '{"name":"a","input":{}}', { 'Content-Type': 'text/plain' }],
    ['a compressed body', '{"name":"a","input":{}}', { ...json, 'Content-Encoding': 'gzip' }],
    ['no object', '[]', json],
    ['too much', JSON.stringify({ name: 'a', input: 'x'.repeat(5_000_000) }), json],
  ])('refuses %s and dispatches nothing', async (_what, body, headers) => {
    await build().start();
    const answer = await rawRequest({ to: path, method: 'POST', path: '/api/invoke', headers, body }).catch(() => null);
    // A peer that is still sending a body that is too large may see its connection end instead of the answer.
    if (answer !== null) expect(answer).toMatchObject({ status: 400 });
    expect(asked).toEqual([]);
    expect((await rawRequest({ to: path, path: '/nothing' })).status).toBe(404);
  });

  it.each([
    '/api/invoke',
    '//api/changes',
    '/api/%63hanges',
    '/api/changes/',
    '/api/stream',
    `/api/stream?name=other&key=${call}`,
    '/api/stream?name=call.output&key=x',
  ])('GET %s leads nowhere', async (at) => {
    await build().start();
    expect((await rawRequest({ to: path, path: at })).status).toBeGreaterThanOrEqual(400);
  });

  it('streams topics and a call’s output, and ends the streams when it stops', async () => {
    const socket = build();
    await socket.start();
    live.append(call, 'early\n');
    const changes = await rawStream({ to: path, path: '/api/changes' });
    const output = await rawStream({ to: path, path: `/api/stream?name=call.output&key=${call}` });
    await vi.waitFor(() => expect(changes.text()).toContain(': open'));
    bus.changed('approvals');
    live.append(call, 'late\n');
    await vi.waitFor(() => expect(changes.text()).toContain('event: changed\ndata: "approvals"\n\n'));
    await vi.waitFor(() => expect(output.text()).toContain('data: "early\\n"\n\nevent: chunk\ndata: "late\\n"\n\n'));
    await socket.stop();
    await Promise.all([changes.ended, output.ended]);
    expect(existsSync(path)).toBe(false);
  });

  it('F74: is 0600 in a folder of 0700, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await build(join(dir, 'new', 'operator.sock')).start();
    } finally {
      process.umask(umask);
    }
    expect(statSync(join(dir, 'new')).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'new', 'operator.sock')).mode & 0o777).toBe(0o600);
  });

  it('refuses a folder that others may enter', async () => {
    chmodSync(dir, 0o755);
    await expect(build().start()).rejects.toMatchObject({ code: 'unavailable' });
    expect(existsSync(path)).toBe(false);
  });

  it('replaces a socket that nobody answers at, and never one that somebody does', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(dir, 'dead.sock'), resolve));
    // What a killed process leaves: the file without its listener.
    const { renameSync } = await import('node:fs');
    renameSync(join(dir, 'dead.sock'), path);
    await new Promise((resolve) => dead.close(resolve));
    expect(existsSync(path)).toBe(true);
    await build().start();
    expect((await rawRequest({ to: path, path: '/' })).status).toBe(404);
    await expect(build().start()).rejects.toMatchObject({ code: 'conflict' });
    expect((await rawRequest({ to: path, path: '/' })).status).toBe(404);
  });

  it('leaves alone what is not a socket', async () => {
    writeFileSync(path, 'precious');
    await expect(build().start()).rejects.toMatchObject({ code: 'unavailable' });
    expect(existsSync(path)).toBe(true);
  });

  it('moves to the runtime directory when its path is too long for a socket', async () => {
    const long = join(dir, 'x'.repeat(100));
    mkdirSync(long, { mode: 0o700 });
    const moved = operatorSocketPath(long, dir);
    expect(moved).toMatch(/\/gatehouse-[0-9a-f]{16}\/operator\.sock$/);
    expect(moved.startsWith(dir)).toBe(true);
    await build(moved).start();
    expect((await rawRequest({ to: moved, path: '/' })).status).toBe(404);
    expect(operatorSocketPath(dir, undefined)).toBe(path);
    expect(() => operatorSocketPath(long, undefined)).toThrow('XDG_RUNTIME_DIR');
    expect(() => operatorSocketPath(long, long)).toThrow('too long');
    expect(operatorSocketPath(`/${'a'.repeat(107 - '//operator.sock'.length)}`, undefined)).toHaveLength(107);
  });
});
