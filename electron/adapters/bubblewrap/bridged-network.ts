import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../shared/errors.ts';
import type { EgressBridge, EgressOptions, OpenBridge } from '../../core/ports/egress.ts';
import type { LayerNamespaces } from '../../core/ports/layers.ts';
import type { ProgramHandle, Runner } from '../../core/ports/runner.ts';
import { joinArgv, openNamespace } from './namespaces.ts';
import { openPrivateFile } from './private-file.ts';

export interface BridgedNetwork {
  readonly user: number;
  readonly network: number;
  readonly port: number;
  /** The certificates by which the command must judge servers, as a file; null: the system's own will do. */
  readonly trust: { readonly fd: number } | null;
  close(): Promise<void>;
}

export interface BridgedNetworkDeps {
  readonly runner: Runner;
  readonly bwrap: string;
  readonly bridge: EgressBridge;
}

const startMs = 5000;

/**
 * Makes a network namespace with nothing in it but a bridge, for a command to be started in: it cannot be early, and there is no moment
 * without the bridge. Errors: `unavailable`.
 */
export const openBridgedNetwork = async (
  { runner, bwrap, bridge }: BridgedNetworkDeps,
  options: EgressOptions,
  layer: LayerNamespaces | null,
): Promise<BridgedNetwork> => {
  const opened: FileHandle[] = [];
  const status = await openPrivateFile();
  const ending = new AbortController();
  const holding = hold({ runner, bwrap, status, layer }, ending.signal);
  const end = async (): Promise<void> => {
    ending.abort();
    await holding.ended;
    await status.close();
  };
  try {
    const handle = await Promise.race([holding.started, holding.ended.then(() => null), sleep(startMs, null)]);
    for (const kind of ['user', 'net'] as const) {
      const namespace = handle === null ? null : await openNamespace(status, handle.pid, kind);
      if (namespace === null) throw new AppError('unavailable', 'no network could be set up for the sandbox');
      opened.push(namespace);
    }
    const [userns, netns] = opened as [FileHandle, FileHandle];
    const opening = await bridge.open({ ...options, networkNamespace: netns.fd, userNamespace: userns.fd });
    const trust = await writeTrust(opening);
    if (trust !== null) opened.push(trust);
    return {
      user: userns.fd,
      network: netns.fd,
      port: opening.port,
      trust,
      async close() {
        await opening.close();
        await closeAll(opened);
      },
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  } finally {
    // The descriptors keep the namespaces; the process has served.
    await end();
  }
};

const writeTrust = async ({ trust, close }: OpenBridge): Promise<FileHandle | null> => {
  if (trust === null) return null;
  try {
    return await openPrivateFile(trust);
  } catch (error) {
    await close();
    throw error;
  }
};

const closeAll = async (handles: readonly FileHandle[]): Promise<void> => {
  await Promise.all(handles.map(async (handle) => handle.close()));
};

interface Holding {
  /** Resolves once the program in the new namespaces runs. */
  readonly started: Promise<ProgramHandle>;
  readonly ended: Promise<unknown>;
}

const hold = (
  { runner, bwrap, status, layer }: { runner: Runner; bwrap: string; status: FileHandle; layer: LayerNamespaces | null },
  signal: AbortSignal,
): Holding => {
  const namespaces = { user: layer?.user ?? null, mount: layer?.mount ?? null, network: null };
  const options = ['--unshare-user', '--unshare-net', '--die-with-parent', '--json-status-fd', '3', '--ro-bind', '/', '/'];
  let tell: (handle: ProgramHandle) => void = () => undefined;
  const started = new Promise<ProgramHandle>((resolve) => (tell = resolve));
  let handle: ProgramHandle | null = null;
  const ended = runner
    .run(
      {
        argv: [...joinArgv(namespaces), bwrap, ...options, '--', '/bin/cat'],
        env: {},
        cwd: '/',
        descriptors: [{ fd: status.fd, access: 'write' }],
        tty: false,
        input: true,
        timeoutMs: 60_000,
        outputLimit: 1000,
      },
      signal,
      {
        onStarted(program) {
          handle = program;
          program.write('ready\n');
        },
        onOutput() {
          if (handle !== null) tell(handle);
        },
      },
    )
    .catch(() => null);
  return { started, ended };
};
