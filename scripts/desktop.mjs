// Runs a command on a desktop of its own:  node scripts/desktop.mjs COMMAND [ARGUMENT…]
// A free X display (Xvfb), a session bus, a window manager and a notification daemon: without the last two, tests of focus, of staying on top and
// of notifications would prove nothing. Everything ends with the command, whose exit code is passed on.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const INSIDE = '--inside-session';
const READY_MS = 15_000;

const ended = (child) => new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal])));

/** Starts Xvfb on a display that it finds free itself. */
async function startDisplay() {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  server.stderr.on('data', (chunk) => (errors += chunk));
  const number = await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`Xvfb does not start: ${errors.trim()}`)));
    server.stdio[3].once('data', (chunk) => resolve(String(chunk).trim()));
    setTimeout(() => reject(new Error(`Xvfb is not ready after ${READY_MS} ms: ${errors.trim()}`)), READY_MS).unref();
  });
  return { server, display: `:${number}` };
}

/** The outer half: a display and a private session bus around the inner half. */
async function outside(command) {
  const runtime = mkdtempSync(join(tmpdir(), 'gatehouse-desktop-'));
  const { server, display } = await startDisplay();
  const { WAYLAND_DISPLAY: _wayland, DBUS_SESSION_BUS_ADDRESS: _bus, ...inherited } = process.env;
  const env = { ...inherited, DISPLAY: display, XDG_RUNTIME_DIR: runtime, XDG_SESSION_TYPE: 'x11' };
  const session = spawn('dbus-run-session', ['--', process.execPath, fileURLToPath(import.meta.url), INSIDE, ...command], {
    env,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => session.kill(signal));
  try {
    process.exitCode = await ended(session);
  } finally {
    server.kill();
    rmSync(runtime, { recursive: true, force: true });
  }
}

/** The inner half: the window manager and the notification daemon, then the command. */
async function inside([command, ...args]) {
  const companions = ['openbox', 'dunst'].map((name) => spawn(name, [], { stdio: 'ignore' }));
  for (const companion of companions) {
    companion.on('error', (error) => fail(`the desktop is incomplete: ${error.message}`));
    companion.on('exit', (code) => fail(`the desktop is incomplete: ${companion.spawnfile} ended with ${code}`));
  }
  await Promise.all([windowManagerAnswers(), notificationsAnswer()]);
  const child = spawn(command, args, { stdio: 'inherit' });
  child.on('error', (error) => fail(`${command} cannot be started: ${error.message}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const code = await ended(child);
  for (const companion of companions) {
    companion.removeAllListeners('exit');
    companion.kill();
  }
  process.exit(code);
}

const windowManagerAnswers = () =>
  answers('the window manager', 'xprop', ['-root', '-notype', '_NET_SUPPORTING_WM_CHECK'], (output) => output.includes('window id'));

const notificationsAnswer = () =>
  answers(
    'the notification daemon',
    'dbus-send',
    [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.NameHasOwner',
      'string:org.freedesktop.Notifications',
    ],
    (output) => output.includes('true'),
  );

async function answers(name, command, args, isReady) {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    const probe = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    probe.stdout.on('data', (chunk) => (output += chunk));
    probe.on('error', (error) => fail(`${command} is missing: ${error.message}`));
    await ended(probe);
    if (isReady(output)) return;
    await pause(50);
  }
  fail(`${name} is not ready after ${READY_MS} ms`);
}

function fail(message) {
  console.error(message);
  process.exit(70);
}

const args = process.argv.slice(2);
if (args.length === 0) fail('usage: node scripts/desktop.mjs COMMAND [ARGUMENT…]');
await (args[0] === INSIDE ? inside(args.slice(1)) : outside(args));
