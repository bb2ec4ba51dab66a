import type { Gatehouse, ReadyInfo } from '../../compose/gatehouse.ts';
import { AppError } from '../../../shared/errors.ts';
import { findPortHolder } from '../../adapters/port-holder.ts';
import { lines, shown } from '../output.ts';
import type { Verb, VerbContext } from '../verb.ts';

const ports = { min: 1, max: 65_535 };

/** The headless host. */
export const serveVerb: Verb = {
  name: 'serve',
  about: 'run Gatehouse without a window, until it is told to stop',
  words: [],
  options: {
    port: { type: 'string', value: '9876', about: 'the agents’ port on 127.0.0.1' },
    'console-port': { type: 'string', value: '9877', about: 'the browser console’s port on 127.0.0.1' },
  },
  async run(context) {
    const { options, out, world, dataDir } = context;
    if (process.getuid?.() === 0) out.note('Warning: running as root. What escapes the sandbox is root. Prefer an ordinary user.');
    const gatehouse = await world.createHost({
      dataDir,
      host: 'headless',
      port: options.number('port', ports),
      consolePort: options.number('console-port', ports),
      rendererDir: world.rendererDir,
      resourcesDir: world.resourcesDir,
      version: world.version,
      // SECURITY: whatever this process makes from here on is the operator's alone; commands keep the operator's own mask.
      umask: process.umask(0o077),
      desktop: null,
      log: (message, error) => out.note(error === undefined ? message : `${message} ${describeError(error)}`),
    });
    const ready = await start(gatehouse);
    try {
      announce(ready, gatehouse, context);
      await untilAborted(world.signal);
    } finally {
      await gatehouse.stop();
    }
    return 0;
  },
};

async function start(gatehouse: Gatehouse): Promise<ReadyInfo> {
  try {
    return await gatehouse.start();
  } catch (error) {
    throw namePortHolder(error);
  }
}

/** Adds who holds a port that is taken. */
function namePortHolder(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(error instanceof AppError) || !(cause instanceof Error) || !('code' in cause) || cause.code !== 'EADDRINUSE') return error;
  const port = 'port' in cause && typeof cause.port === 'number' ? cause.port : null;
  const holder = port === null ? null : findPortHolder(port);
  const who =
    holder === null ? 'Who holds it cannot be told: it is another user’s program.' : `It is held by ${holder.program} (pid ${holder.pid}).`;
  return new AppError(error.code, `${error.message} ${who}`, { cause });
}

function announce(ready: ReadyInfo, gatehouse: Gatehouse, { out, world }: VerbContext): void {
  const link = ready.console_url === null ? null : gatehouse.newConsoleLink();
  const { mode, effective } = ready.sandbox;
  const document = {
    ready: true,
    mcp_url: ready.mcp_url,
    metrics_url: ready.metrics_url,
    console_url: link?.url ?? null,
    operator_socket: ready.operator_socket,
    data_dir: ready.data_dir,
    sandbox: { mode, effective },
  };
  out.line(document, () => {
    const commands = commandsLine(ready.sandbox);
    const head = [`Gatehouse ${world.version} is running. Ctrl-C stops it.`, `Agents connect to ${ready.mcp_url}`, commands];
    return lines([...head, ...(link === null ? [] : linkLines(link.url, world.env['USER']))].map(shown));
  });
}

/** What commands run in. Anything but bubblewrap says why, and how to change it. */
function commandsLine({ effective, detail, fix, reason_for_downgrade }: ReadyInfo['sandbox']): string {
  const mend = fix === null ? '' : ` To change it: ${fix}`;
  switch (effective) {
    case 'bubblewrap':
      return 'Commands run in bubblewrap.';
    case 'allowlist':
      return `Warning: there is no sandbox (${reason_for_downgrade ?? detail}), so ${detail}.${mend}`;
    case 'none':
      return `Warning: safety.bash_sandbox is off: ${detail}${mend}`;
    case 'refuse':
      return `Commands are refused: ${detail}.${mend}`;
  }
}

function linkLines(url: string, user: string | undefined): string[] {
  const { port } = new URL(url);
  return [
    'The operator’s console, in a browser on this machine. The link works once, for 5 minutes; "gatehouse console" prints another:',
    '',
    url,
    '',
    `From another machine, first: ssh -L ${port}:127.0.0.1:${port} ${user ?? 'USER'}@THIS-MACHINE`,
  ];
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Keeps the process alive whatever the listeners do.
    const alive = setInterval(() => undefined, 3_600_000);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
}
