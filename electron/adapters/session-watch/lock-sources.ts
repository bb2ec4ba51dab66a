import { Message, MessageFlag, Variant, type MessageBus } from '@jellybrick/dbus-next';

/** One who can tell that the screen was locked, once it has answered. */
export interface LockSource {
  readonly name: string;
  /** For the bus: which signals to hand over. */
  readonly matches: readonly string[];
  /** Whether this signal says that the screen is locked now. */
  readonly tellsOfLock: (signal: Message) => boolean;
  /** Whether it is locked at this moment; null when it does not answer any more. */
  readonly isLocked: () => Promise<boolean | null>;
}

/** The desktops' own names for the same interface. */
const SCREEN_SAVERS = [
  { name: 'org.freedesktop.ScreenSaver', path: '/org/freedesktop/ScreenSaver' },
  { name: 'org.freedesktop.ScreenSaver', path: '/ScreenSaver' },
  { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver' },
  { name: 'org.cinnamon.ScreenSaver', path: '/org/cinnamon/ScreenSaver' },
  { name: 'org.mate.ScreenSaver', path: '/org/mate/ScreenSaver' },
] as const;

const LOGIND = 'org.freedesktop.login1';
const SESSION = 'org.freedesktop.login1.Session';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** Milliseconds for one answer. */
const patience = 3000;

/** The screen savers of a session bus that really answer. A name that nobody owns is not started for it. */
export async function screenSavers(bus: MessageBus): Promise<readonly LockSource[]> {
  const found = await Promise.all(
    SCREEN_SAVERS.map(async ({ name, path }): Promise<LockSource | null> => {
      const isLocked = async (): Promise<boolean | null> => truth((await ask(bus, name, path, name, 'GetActive'))?.[0]);
      if ((await isLocked()) === null) return null;
      return {
        name,
        isLocked,
        matches: [`type='signal',sender='${name}',path='${path}',interface='${name}',member='ActiveChanged'`],
        tellsOfLock: (signal) =>
          signal.interface === name && signal.member === 'ActiveChanged' && signal.path === path && signal.body[0] === true,
      };
    }),
  );
  return found.filter((source) => source !== null);
}

/** The session of this process at logind, on the system bus: its `LockedHint`, and the signal that asks for a lock. */
export async function logindSession(bus: MessageBus, sessionId: string | null): Promise<readonly LockSource[]> {
  const manager = '/org/freedesktop/login1';
  const managerOf = `${LOGIND}.Manager`;
  const found =
    (sessionId === null ? null : await ask(bus, LOGIND, manager, managerOf, 'GetSession', 's', [sessionId])) ??
    (await ask(bus, LOGIND, manager, managerOf, 'GetSessionByPID', 'u', [process.pid]));
  const path = found?.[0];
  if (typeof path !== 'string') return [];
  const isLocked = async (): Promise<boolean | null> => {
    const [hint] = (await ask(bus, LOGIND, path, PROPERTIES, 'Get', 'ss', [SESSION, 'LockedHint'])) ?? [];
    return hint instanceof Variant ? truth(hint.value) : null;
  };
  if ((await isLocked()) === null) return [];
  const from = `type='signal',sender='${LOGIND}',path='${path}'`;
  return [
    {
      name: LOGIND,
      isLocked,
      matches: [`${from},interface='${PROPERTIES}',member='PropertiesChanged'`, `${from},interface='${SESSION}',member='Lock'`],
      tellsOfLock: (signal) => signal.path === path && (signal.member === 'Lock' ? signal.interface === SESSION : isHintSet(signal)),
    },
  ];
}

const truth = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

function isHintSet({ interface: from, body }: Message): boolean {
  const [about, changed] = body;
  if (from !== PROPERTIES || about !== SESSION || typeof changed !== 'object' || changed === null) return false;
  const hint: unknown = Reflect.get(changed, 'LockedHint');
  return hint instanceof Variant && hint.value === true;
}

/** Has the bus hand over a source's signals. */
export async function subscribe(bus: MessageBus, { matches }: LockSource): Promise<void> {
  const [name, path] = ['org.freedesktop.DBus', '/org/freedesktop/DBus'];
  for (const match of matches)
    if ((await ask(bus, name, path, name, 'AddMatch', 's', [match])) === null) throw new Error(`The bus takes no ${match}.`);
}

/** The answer's values; null when nobody answers in time, or says no. */
export async function ask(
  bus: MessageBus,
  destination: string,
  path: string,
  of: string,
  member: string,
  signature = '',
  body: readonly unknown[] = [],
): Promise<readonly unknown[] | null> {
  const message = new Message({ destination, path, interface: of, member, signature, body: [...body], flags: MessageFlag.NO_AUTO_START });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patience);
  });
  try {
    const reply = await Promise.race([bus.call(message).catch(() => null), late]);
    return reply?.body ?? null;
  } finally {
    clearTimeout(timer);
  }
}
