import { AppError } from '../../../shared/errors.ts';
import type { BridgeOptions, Egress, EgressBridge, EgressProxy } from '../../core/ports/egress.ts';
import type { Runner, RunnerCommand } from '../../core/ports/runner.ts';

export interface BridgeDeps {
  readonly runner: Runner;
  readonly egress: Egress;
  /** The absolute path of a program; null when it is not installed. */
  readonly findProgram: (name: string) => Promise<string | null>;
}

/** The largest delay that a timer takes, 24 days: it lives as long as its command, which has a limit of its own. */
const noTimeLimitMs = 2_147_483_647;
const startLimitMs = 5000;
const mostConnections = 128;
const listening = /listening on \S+ 127\.0\.0\.1:([0-9]+)/;

/**
 * The `EgressBridge` port: socat, joined to the sandbox's network namespace from outside and otherwise in the gateway's own world, so that
 * what runs inside needs no Unix sockets and sees neither the proxy's socket nor this process. The runner ends it when the gateway dies.
 */
export const createBridge = ({ runner, egress, findProgram }: BridgeDeps): EgressBridge => {
  const need = async (name: string, packageName: string): Promise<string> => {
    const path = await findProgram(name);
    if (path !== null) return path;
    throw new AppError(
      'unavailable',
      `commands with a network need ${name}, which is not installed; run: sudo apt-get install ${packageName}`,
    );
  };

  const fd = (descriptor: number): string => `/proc/${process.pid}/fd/${descriptor}`;

  const makeCommand = async (options: BridgeOptions, socketPath: string): Promise<RunnerCommand> => {
    const { networkNamespace, userNamespace } = options;
    const socat = await need('socat', 'socat');
    const nsenter = await need('nsenter', 'util-linux');
    return {
      argv: [
        // Named by way of our own process, so that what is started holds none of our descriptors.
        ...[nsenter, `--user=${fd(userNamespace)}`, `--net=${fd(networkNamespace)}`, '--preserve-credentials', '--'],
        ...[socat, '-d', '-d', '-t', '30'],
        `TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=${mostConnections}`,
        `UNIX-CONNECT:${socketPath}`,
      ],
      env: {},
      cwd: '/',
      descriptors: [],
      tty: false,
      timeoutMs: noTimeLimitMs,
      outputLimit: 16_384,
    };
  };

  /** Starts it and waits for its port. */
  const listen = async (command: RunnerCommand): Promise<{ port: number; end: () => Promise<void> }> => {
    const stopping = new AbortController();
    let told = '';
    let ended: Promise<void> = Promise.resolve();
    const port = await new Promise<number>((resolve, reject) => {
      const fail = (cause?: unknown): void => {
        clearTimeout(timer);
        stopping.abort();
        const why = told.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
        reject(new AppError('unavailable', `the way out of the sandbox could not be made: ${why}`, { cause }));
      };
      const timer = setTimeout(fail, startLimitMs);
      const onOutput = (chunk: string): void => {
        told += chunk;
        const found = listening.exec(told)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(Number(found));
      };
      ended = runner.run(command, stopping.signal, { onOutput }).then(() => fail(), fail);
    });
    return {
      port,
      async end() {
        stopping.abort();
        await ended;
      },
    };
  };

  return {
    async open(options) {
      const proxy = await egress.openProxy(options);
      try {
        const { port, end } = await listen(await makeCommand(options, proxy.socketPath));
        return { port, trust: proxy.trust, close: async () => await closeBoth(end, proxy) };
      } catch (error) {
        await proxy.close();
        throw error;
      }
    },
  };
};

const closeBoth = async (end: () => Promise<void>, proxy: EgressProxy): Promise<void> => {
  await end();
  await proxy.close();
};
