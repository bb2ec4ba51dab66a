import { spawn, type ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Message, sessionBus, Variant, type MessageBus } from '@jellybrick/dbus-next';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionWatch } from '../../core/ports/session-watch.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { createSessionWatch } from './session-watch.ts';

// Real message buses; the screen saver and logind on them are ours, because a desktop's own need a desktop.

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

let folder: string;
let daemons: ChildProcess[];
let buses: MessageBus[];
let watch: SessionWatch | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-bus-'));
  daemons = [];
  buses = [];
  watch = null;
});

afterEach(async () => {
  await watch?.stop();
  buses.forEach((bus) => bus.disconnect());
  daemons.forEach((daemon) => daemon.kill('SIGKILL'));
  await rm(folder, { recursive: true, force: true });
});

/** The address of a bus that runs now. */
async function startBus(name: string): Promise<string> {
  const config = join(folder, `${name}.conf`);
  await writeFile(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${join(folder, name)}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  daemons.push(daemon);
  const [line] = (
    await new Promise<string>((resolve, reject) => {
      daemon.on('error', reject);
      daemon.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    })
  ).split('\n');
  return line ?? '';
}

type Answer = { readonly signature: string; readonly body: unknown[] };

/** One who owns the name and answers these members. */
async function serve(address: string, name: string, answers: Readonly<Record<string, Answer>>): Promise<MessageBus> {
  const bus = sessionBus({ busAddress: address });
  buses.push(bus);
  bus.addMethodHandler((message) => {
    const answer = answers[message.member];
    if (answer === undefined) return false;
    bus.send(Message.newMethodReturn(message, answer.signature, answer.body));
    return true;
  });
  await bus.requestName(name);
  return bus;
}

const screenSaver = async (address: string): Promise<MessageBus> =>
  await serve(address, saverName, { GetActive: { signature: 'b', body: [false] } });

const saverName = 'org.freedesktop.ScreenSaver';
const saverPath = '/org/freedesktop/ScreenSaver';
const active = (value: boolean): Message => Message.newSignal(saverPath, saverName, 'ActiveChanged', 'b', [value]);

const logind = 'org.freedesktop.login1';
const sessionPath = '/org/freedesktop/login1/session/c1';
const hint = (value: boolean): Message =>
  Message.newSignal(sessionPath, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', [
    `${logind}.Session`,
    { LockedHint: new Variant('b', value) },
    [],
  ]);

function watching(env: Record<string, string>): SessionWatch {
  watch = createSessionWatch({
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent', ...env },
    clock,
    systemIdleMs: null,
    log: () => undefined,
  });
  return watch;
}

describe('watching the session', () => {
  it('F51: the screen saver’s signal tells of a lock; an unlock and other signals do not', async () => {
    const address = await startBus('session');
    const bus = await screenSaver(address);
    const subject = watching({ DBUS_SESSION_BUS_ADDRESS: address });
    const locked = vi.fn();
    subject.onLock(locked);
    await subject.start();
    expect(subject.status()).toMatchObject({ tellsLock: true, sources: [saverName] });
    bus.send(active(false));
    bus.send(Message.newSignal(saverPath, 'org.example.Other', 'ActiveChanged', 'b', [true]));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(locked).not.toHaveBeenCalled();
    bus.send(active(true));
    await vi.waitFor(() => expect(locked).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  });

  it('F51: logind’s LockedHint and its Lock signal tell of a lock', async () => {
    const address = await startBus('system');
    const bus = await serve(address, logind, {
      GetSession: { signature: 'o', body: [sessionPath] },
      Get: { signature: 'v', body: [new Variant('b', false)] },
    });
    const subject = watching({ DBUS_SYSTEM_BUS_ADDRESS: address, XDG_SESSION_ID: 'c1' });
    const locked = vi.fn();
    subject.onLock(locked);
    await subject.start();
    expect(subject.status().sources).toEqual([logind]);
    bus.send(hint(false));
    bus.send(hint(true));
    await vi.waitFor(() => expect(locked).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    bus.send(Message.newSignal('/org/freedesktop/login1/session/c2', `${logind}.Session`, 'Lock'));
    bus.send(Message.newSignal(sessionPath, `${logind}.Session`, 'Lock'));
    await vi.waitFor(() => expect(locked).toHaveBeenCalledTimes(2), { timeout: 10_000 });
  });

  it('says so where nobody would tell: no bus, a bus without a screen saver, one that does not answer', async () => {
    const none = watching({});
    await none.start();
    expect(none.status()).toMatchObject({ tellsLock: false, sources: [], why: expect.stringContaining('screen is locked') as string });
    await none.stop();
    const address = await startBus('session');
    const empty = watching({ DBUS_SESSION_BUS_ADDRESS: address });
    await empty.start();
    expect(empty.status().tellsLock).toBe(false);
  });

  it('counts the loss of the only one who tells as a lock', async () => {
    const address = await startBus('session');
    await screenSaver(address);
    const subject = watching({ DBUS_SESSION_BUS_ADDRESS: address });
    const locked = vi.fn();
    subject.onLock(locked);
    await subject.start();
    for (const bus of buses as EventEmitter[]) bus.on('error', () => undefined);
    daemons.forEach((daemon) => daemon.kill('SIGKILL'));
    await vi.waitFor(() => expect(subject.status().tellsLock).toBe(false), { timeout: 20_000 });
    expect(locked).toHaveBeenCalled();
  }, 40_000);
});
