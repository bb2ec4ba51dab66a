import { execFile } from 'node:child_process';

/** Milliseconds; a session bus that does not answer is as good as none. */
const patience = 1_500;

const watcher = ['org.kde.StatusNotifierWatcher', '/StatusNotifierWatcher'] as const;
const property = ['org.kde.StatusNotifierWatcher', 'IsStatusNotifierHostRegistered'] as const;

/** Any of these asks the session bus; which one a desktop has differs. */
const questions: readonly (readonly [program: string, ...args: string[]])[] = [
  ['busctl', '--user', 'get-property', ...watcher, ...property],
  [
    'gdbus',
    'call',
    '--session',
    '--dest',
    watcher[0],
    '--object-path',
    watcher[1],
    '--method',
    'org.freedesktop.DBus.Properties.Get',
    ...property,
  ],
  [
    'dbus-send',
    '--session',
    '--print-reply',
    `--dest=${watcher[0]}`,
    watcher[1],
    'org.freedesktop.DBus.Properties.Get',
    ...property.map((name) => `string:${name}`),
  ],
];

/**
 * Whether something on this desktop shows tray icons: a plain yes, or no. Where it cannot be found out it is no, because a window
 * that closes to a tray which is not there would be gone.
 */
export async function hasTrayHost(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== 'linux') return true;
  const answers = await Promise.all(questions.map(([program, ...args]) => answerOf(program, args)));
  return answers.some((answer) => /\btrue\b/.test(answer));
}

async function answerOf(program: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve) => {
    execFile(program, args, { timeout: patience, encoding: 'utf8' }, (error, stdout) => resolve(error === null ? stdout : ''));
  });
}
