import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** How the desktop application was started. */
export interface Invocation {
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the one in the settings. */
  readonly port: number | null;
}

export interface InvocationSource {
  /** The whole command line, as `process.argv`. */
  readonly argv: readonly string[];
  /** What Electron was told to run, when it was told: arguments before it are Electron's own. */
  readonly appPaths: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
}

export const usage = 'usage: gatehouse-desktop [--data-dir DIR] [--port 1-65535]';

/** Switches of Chromium that concern the screen and the machine, not us, and may follow the application's name. */
const chromiumSwitches =
  /^--(no-sandbox|lang|force-device-scale-factor|ozone-platform(-hint)?|enable-features|disable-features|disable-gpu|use-gl|password-store|remote-debugging-port|inspect(-brk)?)(=|$)/;

/** Reads the command line and the environment. What is not known is refused: a misspelt --data-dir must not open another one. */
export function readInvocation(source: InvocationSource): Invocation | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: ownArguments(source).filter((argument) => !chromiumSwitches.test(argument)),
      options: { 'data-dir': { type: 'string' }, port: { type: 'string' } },
      allowPositionals: false,
    });
    const dataDir = values['data-dir'] ?? nonEmpty(source.env['GATEHOUSE_DATA_DIR']) ?? defaultDataDir(source);
    if (dataDir === '') return { problem: '--data-dir needs the name of a folder.' };
    const port = values.port === undefined ? null : readPort(values.port);
    return port === undefined ? { problem: '--port needs a number from 1 to 65535.' } : { dataDir: resolve(source.cwd, dataDir), port };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function ownArguments({ argv, appPaths, cwd }: InvocationSource): readonly string[] {
  const app = argv.findIndex((argument, at) => at > 0 && !argument.startsWith('-') && appPaths.includes(resolve(cwd, argument)));
  return argv.slice(Math.max(app, 0) + 1);
}

function defaultDataDir({ env, home }: InvocationSource): string {
  return join(nonEmpty(env['XDG_DATA_HOME']) ?? join(home, '.local/share'), 'gatehouse');
}

const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
