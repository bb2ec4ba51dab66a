import type { Readable, Writable } from 'node:stream';
import type { Gatehouse, GatehouseOptions } from '../compose/gatehouse.ts';
import type { Offline } from './offline.ts';

/** Where the command runs. Tests pass their own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly version: string;
  readonly stdin: Readable;
  /** The same stdout, for the one verb that speaks a protocol on it. */
  readonly stdoutStream: Writable;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Aborted when the command is asked to end (SIGINT, SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  /** Folders of the shipped parts, absolute. */
  readonly rendererDir: string;
  readonly resourcesDir: string;
  /** Loaded only when it is needed: most verbs just ask the running host. */
  readonly createHost: (options: GatehouseOptions) => Promise<Gatehouse>;
  readonly openOffline: (dataDir: string) => Promise<Offline>;
}
