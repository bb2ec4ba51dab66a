import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { PolicyFile } from '../ports/policy-file.ts';
import type { Store } from '../ports/store.ts';
import { policyVersion } from './policy-version.ts';

/** A text on disk that nobody has accepted yet. */
export interface HeldPolicy {
  /** Null when the file is gone or cannot be read. */
  readonly text: string | null;
  /** First 12 digits of the SHA-256 of the text; an acceptance names it. */
  readonly version: string;
}

/**
 * The policy file as a desktop reads it: what was accepted stays in force, and a text that another program puts on disk is held until the
 * operator accepts it in the window (THREATS rule 21). The accepted text is kept in the audit log, so that it survives a restart and whoever put it
 * there can be found.
 */
export interface AcceptedPolicy extends PolicyFile {
  /** Reads what was accepted last. At the very first start that is the file itself. */
  start(): Promise<void>;
  held(): HeldPolicy | null;
  /** Puts the held text in force. Errors: `conflict` when another text is held by now, `invalid_input` when it is missing. */
  accept(version: string): Promise<void>;
}

export interface AcceptedPolicyDeps {
  readonly file: PolicyFile;
  readonly store: Pick<Store, 'auditEvents' | 'commit'>;
  readonly bus: ChangeBus;
}

export function createAcceptedPolicy({ file, store, bus }: AcceptedPolicyDeps): AcceptedPolicy {
  let accepted: string | null = null;
  let held: HeldPolicy | null = null;
  /** What the console itself is writing, so that it is not taken for another program's doing. */
  let writing: string | null = null;
  let onAccepted: () => void = () => undefined;

  async function record(
    type: 'policy.accepted' | 'policy.held',
    data: Record<string, string | null>,
    actor: 'operator' | 'gateway',
  ): Promise<void> {
    await store.commit({ events: [{ type, actor, agent: null, token_id: null, task_id: null, call_id: null, data }], changes: [] });
  }

  /** Looks at the disk again. Nothing that is found there comes into force by being found. */
  async function compare(): Promise<void> {
    const text = await file.read().catch(() => null);
    if (text !== null && text === writing) return;
    const before = held;
    held = text === accepted ? null : { text, version: policyVersion(text) };
    bus.changed('policy');
    if (held !== null && held.version !== before?.version)
      await record('policy.held', { file: file.path, version: held.version }, 'gateway');
  }

  return {
    path: file.path,

    async start() {
      const [last] = await store.auditEvents({ types: ['policy.accepted'], limit: 1 });
      const text = last?.data['text'];
      if (typeof text === 'string') {
        accepted = text;
        await compare();
        return;
      }
      accepted = await file.read();
      if (accepted !== null)
        await record('policy.accepted', { file: file.path, version: policyVersion(accepted), text: accepted }, 'gateway');
    },

    read: () => Promise.resolve(accepted),

    watch(onChange) {
      onAccepted = onChange;
      return file.watch(() => {
        // What cannot be recorded is held all the same.
        void compare().catch(() => undefined);
      });
    },

    version: () => file.version(),

    async write(text) {
      writing = text;
      try {
        await file.write(text);
        // A crash before this leaves a file that waits to be accepted, never one that is in force unrecorded.
        await record('policy.accepted', { file: file.path, version: policyVersion(text), text }, 'operator');
        accepted = text;
        held = null;
      } finally {
        writing = null;
      }
      bus.changed('policy');
    },

    held: () => held,

    async accept(version) {
      if (held === null) throw new AppError('conflict', 'No change of the policy waits to be accepted.');
      if (held.version !== version) throw new AppError('conflict', 'The file has changed again. Look at the new difference.');
      if (held.text === null)
        throw new AppError('invalid_input', `${file.path} is missing or cannot be read. Put it back, then accept it.`);
      const { text } = held;
      await record('policy.accepted', { file: file.path, version, text }, 'operator');
      accepted = text;
      held = null;
      onAccepted();
      bus.changed('policy');
    },
  };
}
