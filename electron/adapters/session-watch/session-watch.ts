import type { EventEmitter } from 'node:events';
import { stat } from 'node:fs/promises';
import { sessionBus, type Message, type MessageBus } from '@jellybrick/dbus-next';
import type { Clock } from '../../core/ports/clock.ts';
import type { SessionWatch, SessionWatchStatus } from '../../core/ports/session-watch.ts';
import { logindSession, screenSavers, subscribe, type LockSource } from './lock-sources.ts';

export interface SessionWatchOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Where the desktop tells since when nothing was typed or moved, in milliseconds; null without one. */
  readonly systemIdleMs: (() => number) | null;
  readonly log: (message: string) => void;
}

/** How often it looks for those who could tell, while nobody does. Milliseconds. */
const againMs = 60_000;
/** How often those who tell are asked themselves, since a bus does not tell of its own end. Milliseconds. */
const beatMs = 5000;
const SYSTEM_BUS = '/run/dbus/system_bus_socket';

interface Connection {
  readonly bus: MessageBus;
  readonly sources: readonly LockSource[];
}

/**
 * Tells of a locked screen from the session bus (screen savers) and the system bus (logind). SECURITY: when one who told goes away, a lock could pass
 * unseen; that counts as a lock.
 */
export function createSessionWatch({ env, clock, systemIdleMs, log }: SessionWatchOptions): SessionWatch {
  const lockListeners = new Set<() => void>();
  const changeListeners = new Set<() => void>();
  let connections: readonly Connection[] = [];
  let cancelNext: (() => void) | null = null;
  let isRunning = false;
  let round = 0;

  const locked = (): void => lockListeners.forEach((listener) => listener());
  const changed = (): void => changeListeners.forEach((listener) => listener());
  const names = (): string[] => [...new Set(connections.flatMap(({ sources }) => sources.map(({ name }) => name)))];

  async function connect(address: string, find: (bus: MessageBus) => Promise<readonly LockSource[]>): Promise<Connection | null> {
    if (!(await isThere(address))) return null;
    const bus = sessionBus({ busAddress: address });
    // The library tells of a broken connection by an event that its types leave out; the beat below finds it too.
    const emitter: EventEmitter = bus;
    emitter.on('error', () => undefined);
    try {
      const sources = await find(bus);
      if (sources.length === 0) throw new Error('nobody answers');
      bus.on('message', (message: Message) => {
        if (isRunning && sources.some((source) => source.tellsOfLock(message))) locked();
      });
      for (const source of sources) await subscribe(bus, source);
      return { bus, sources };
    } catch {
      disconnect(bus);
      return null;
    }
  }

  function drop(connection: Connection): void {
    connections = connections.filter((other) => other !== connection);
    disconnect(connection.bus);
    log('One who would have told when the screen is locked does not answer any more; that counts as a lock.');
    locked();
    changed();
  }

  async function look(): Promise<void> {
    const mine = (round += 1);
    const found = await Promise.all([
      connect(sessionAddress(env), screenSavers),
      connect(systemAddress(env), async (bus) => await logindSession(bus, env['XDG_SESSION_ID'] ?? null)),
    ]);
    const living = found.filter((connection) => connection !== null);
    if (!isRunning || mine !== round) {
      living.forEach(({ bus }) => disconnect(bus));
      return;
    }
    connections = living;
    changed();
    await beat();
  }

  /** Asks each of them: a lock whose signal was missed is found, and one who is gone, too. */
  async function beat(): Promise<void> {
    const states = await Promise.all(
      connections.map(async (connection) => ({
        connection,
        answers: await Promise.all(connection.sources.map(async (source) => await source.isLocked())),
      })),
    );
    if (!isRunning) return;
    for (const { connection, answers } of states) {
      if (answers.includes(null)) drop(connection);
      else if (answers.includes(true)) locked();
    }
    cancelNext?.();
    cancelNext = connections.length === 0 ? clock.after(againMs, () => void look()) : clock.after(beatMs, () => void beat());
  }

  return {
    async start() {
      isRunning = true;
      await look();
    },
    stop() {
      isRunning = false;
      round += 1;
      cancelNext?.();
      cancelNext = null;
      connections.forEach(({ bus }) => disconnect(bus));
      connections = [];
      return Promise.resolve();
    },
    onLock(listener) {
      lockListeners.add(listener);
      return () => void lockListeners.delete(listener);
    },
    idleMs: () => Promise.resolve(systemIdleMs?.() ?? null),
    status: () => statusOf(names()),
    onChange(listener) {
      changeListeners.add(listener);
      return () => void changeListeners.delete(listener);
    },
  };
}

const statusOf = (sources: readonly string[]): SessionWatchStatus => ({
  tellsLock: sources.length > 0,
  sources,
  why:
    sources.length > 0
      ? null
      : 'Nothing on this machine tells when the screen is locked (no screen saver and no logind session answers on D-Bus).',
});

function sessionAddress(env: SessionWatchOptions['env']): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  return env['DBUS_SESSION_BUS_ADDRESS'] ?? (runtime === undefined ? '' : `unix:path=${runtime}/bus`);
}

const systemAddress = (env: SessionWatchOptions['env']): string => env['DBUS_SYSTEM_BUS_ADDRESS'] ?? `unix:path=${SYSTEM_BUS}`;

/** Looked at before it is dialled, because the library tells of a missing socket by an event of its own only. */
async function isThere(address: string): Promise<boolean> {
  const path = /^unix:path=([^,;]+)/.exec(address)?.[1];
  if (path === undefined) return /^unix:abstract=/.test(address);
  return await stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
}

function disconnect(bus: MessageBus): void {
  try {
    bus.disconnect();
  } catch {
    // It was gone already.
  }
}
