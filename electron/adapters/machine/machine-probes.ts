import type { Capability } from '../../../shared/domain/host.ts';
import type { MachineProbes } from '../../core/ports/machine.ts';
import { probeKeychain } from './keychain-probe.ts';
import { runNodeChild, type RunChild } from './run-child.ts';
import { probeRuntime, type RuntimeProbeOptions } from './runtime-probe.ts';

const KEYCHAIN_LIMIT_MS = 3_000;
/** A child process for every glance at the status would be felt; a keychain that was just unlocked should show soon. */
const KEYCHAIN_FRESH_MS = 30_000;

export interface MachineProbesDeps {
  readonly dataDir: string;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** The environment that the keychain is reached through (the session bus's address is in it). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `.cache/electron/runtime.json` of a checkout; null in a package. */
  readonly runtimeRecord: string | null;
  /** Left out: a Node process of our own. The desktop passes its utilityProcess where the RunAsNode fuse is off. */
  readonly runChild?: RunChild;
  readonly versions?: RuntimeProbeOptions['versions'];
  /** The effective user id; left out: this process's. */
  readonly uid?: number | undefined;
}

/** What this machine can enforce beside the sandbox, tried for real. Nothing here rejects: what could not be tried is `unknown`. */
export function createMachineProbes(deps: MachineProbesDeps): MachineProbes {
  const tryKeychain = (): Promise<Capability> =>
    probeKeychain({
      dataDir: deps.dataDir,
      env: deps.env,
      runChild: deps.runChild ?? runNodeChild,
      timeoutMs: KEYCHAIN_LIMIT_MS,
    });
  let keychain: { readonly at: number; readonly answer: Promise<Capability> } | null = null;
  return {
    keychain() {
      const age = keychain === null ? null : deps.now() - keychain.at;
      if (keychain === null || age === null || age < 0 || age >= KEYCHAIN_FRESH_MS) keychain = { at: deps.now(), answer: tryKeychain() };
      return keychain.answer;
    },
    runtime: () => probeRuntime({ record: deps.runtimeRecord, versions: deps.versions ?? process.versions }),
    user: async () => probeUser(deps.uid ?? process.geteuid?.()),
  };
}

function probeUser(uid: number | undefined): Capability {
  const title = 'The console runs as an ordinary user';
  if (uid === undefined) return { id: 'user', title, status: 'unknown', evidence: 'This system does not say.', fix: null };
  if (uid !== 0) return { id: 'user', title, status: 'pass', evidence: `It runs as uid ${uid}.`, fix: null };
  return {
    id: 'user',
    title,
    status: 'warn',
    evidence: 'It runs as root: what escapes the sandbox owns this machine, and the window runs without the sandbox of Chromium.',
    fix: 'Quit, log in as an ordinary user and start it there.',
  };
}
