import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Capability } from '../../../shared/domain/host.ts';
import type { ChildResult, RunChild } from './run-child.ts';

const SERVICE = 'gatehouse';
const TITLE = 'Secrets have a keychain';
const INSTALL = 'sudo apt-get install -y gnome-keyring';
const UNLOCK = 'Unlock the login keyring: log in to the desktop session, or open "Passwords and Keys" and unlock it there.';

/** What the library says of a locked collection, and of a service that hangs (the bus gives up before we do). */
const LOCKED = /\b(un)?lock(ed)?\b|dismissed/i;
const SILENT = /did not receive a reply/i;

const ChildAnswer = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), step: z.string(), message: z.string() }),
]);

/** The built neighbour in dist/, the source in a test: whichever this file itself is. */
const childModule = (): string =>
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './keychain.child.ts' : './keychain.child.js', import.meta.url));

export interface KeychainProbeOptions {
  /** Two consoles of one user must not remove each other's probe entry, so its name follows the data directory. */
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runChild: RunChild;
  /** After so many milliseconds the attempt is killed. */
  readonly timeoutMs: number;
}

/** Stores, reads back and deletes one entry in the desktop's Secret Service, in a child process that is killed at its time limit. */
export async function probeKeychain(options: KeychainProbeOptions): Promise<Capability> {
  const account = `probe-${createHash('sha256').update(options.dataDir).digest('hex').slice(0, 12)}`;
  const result = await options.runChild(childModule(), [SERVICE, account], { env: options.env, timeoutMs: options.timeoutMs });
  return { id: 'keychain', title: TITLE, ...judge(result, options.timeoutMs) };
}

type Judgement = Pick<Capability, 'status' | 'evidence' | 'fix'>;

function judge(result: ChildResult, timeoutMs: number): Judgement {
  switch (result.kind) {
    case 'not_started':
      return { status: 'unknown', evidence: `The keychain was not tried: ${result.reason}.`, fix: null };
    case 'timed_out':
      return {
        status: 'unknown',
        evidence: `The keychain did not answer within ${timeoutMs / 1000} s. It is most likely locked and waits for its password.`,
        fix: UNLOCK,
      };
    case 'ended':
      return judgeAnswer(result);
  }
}

function judgeAnswer({ code, stdout, stderr }: Extract<ChildResult, { kind: 'ended' }>): Judgement {
  const answer = readAnswer(stdout);
  if (answer === null) {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    return { status: 'unknown', evidence: `The attempt ended with code ${String(code)} and no answer. ${said}`.trim(), fix: null };
  }
  if (answer.ok) return { status: 'pass', evidence: 'An entry was stored in the Secret Service, read back and deleted.', fix: null };
  if (LOCKED.test(answer.message)) {
    return { status: 'unknown', evidence: `The keychain is locked, so nothing could be stored (${answer.message}).`, fix: UNLOCK };
  }
  if (SILENT.test(answer.message)) {
    return { status: 'unknown', evidence: `The Secret Service takes calls and does not answer them (${answer.message}).`, fix: UNLOCK };
  }
  const what = answer.step === 'open' || answer.step === 'write' ? 'Nothing could be stored' : `The ${answer.step} step failed`;
  return {
    status: 'fail',
    evidence: `${what}: no Secret Service answers on the session bus (${answer.message}). It runs in a desktop session: install it, then log in again.`,
    fix: INSTALL,
  };
}

function readAnswer(stdout: string): z.infer<typeof ChildAnswer> | null {
  try {
    return ChildAnswer.parse(JSON.parse(stdout));
  } catch {
    return null;
  }
}
