import type { Topic } from '../../shared/contract/contract.ts';
import type { AuditEventType } from '../../shared/domain/audit.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256Hex } from './canonical-json.ts';
import type { ChangeBus } from './change-bus.ts';
import type { PolicyFileSource } from './ports/policy-file.ts';
import type { Store } from './ports/store.ts';

/** A file with a text. */
export type WatchedText = Pick<PolicyFileSource, 'path' | 'read' | 'watch'>;

/** A text on disk that nobody has accepted yet. */
export interface HeldText {
  /** Null when the file is gone or cannot be read. */
  readonly text: string | null;
  /** First 12 digits of the SHA-256 of the text, `missing` for none; an acceptance names it. */
  readonly version: string;
}

/**
 * A file that decides, as a desktop reads it: what was accepted stays in force, and what another program puts on disk is held until the
 * operator accepts it in the window (THREATS rule 21). The accepted text is kept in the audit log, so that it survives a restart and whoever
 * put it there can be found.
 */
export interface AcceptedText extends WatchedText {
  /** Reads what was accepted last. At the very first start that is the file itself, or that there is none. */
  start(): Promise<void>;
  held(): HeldText | null;
  /** Puts the held text, or that there is none, in force. Errors: `conflict` when another one is held by now. */
  accept(version: string): Promise<void>;
}

export interface AcceptedTextDeps {
  readonly file: WatchedText;
  readonly store: Pick<Store, 'auditEvents' | 'commit'>;
  readonly bus: ChangeBus;
  readonly events: { readonly accepted: AuditEventType; readonly held: AuditEventType };
  readonly topic: Topic;
}

export function createAcceptedText({ file, store, bus, events, topic }: AcceptedTextDeps): AcceptedText {
  let accepted: string | null = null;
  let held: HeldText | null = null;
  let onAccepted: () => void = () => undefined;

  async function record(type: AuditEventType, data: Record<string, string | null>, actor: 'operator' | 'gateway'): Promise<void> {
    await store.commit({ events: [{ type, actor, agent: null, token_id: null, task_id: null, call_id: null, data }], changes: [] });
  }

  /** Looks at the disk again. Nothing that is found there comes into force by being found. */
  async function compare(): Promise<void> {
    // SECURITY: what cannot be read is not "none", which could be what was accepted.
    const found = await file.read().then(
      (text) => ({ text, version: versionOf(text) }),
      () => ({ text: null, version: 'unreadable' }),
    );
    const before = held;
    held = found.version === versionOf(accepted) ? null : found;
    bus.changed(topic);
    if (held !== null && held.version !== before?.version) await record(events.held, { file: file.path, version: held.version }, 'gateway');
  }

  return {
    path: file.path,

    async start() {
      const [last] = await store.auditEvents({ types: [events.accepted], limit: 1 });
      if (last !== undefined) {
        const text = last.data['text'];
        accepted = typeof text === 'string' ? text : null;
        await compare();
        return;
      }
      accepted = await file.read();
      await record(events.accepted, { file: file.path, version: versionOf(accepted), text: accepted }, 'gateway');
    },

    read: () => Promise.resolve(accepted),

    watch(onChange) {
      onAccepted = onChange;
      return file.watch(() => {
        // What cannot be recorded is held all the same.
        void compare().catch(() => undefined);
      });
    },

    held: () => held,

    async accept(version) {
      if (held === null) throw new AppError('conflict', 'No change of the file waits to be accepted.');
      if (held.version !== version) throw new AppError('conflict', 'The file has changed again. Look at the new difference.');
      if (held.version === 'unreadable') throw new AppError('invalid_input', `${file.path} cannot be read. Put it right, then accept it.`);
      const { text } = held;
      await record(events.accepted, { file: file.path, version, text }, 'operator');
      accepted = text;
      held = null;
      onAccepted();
      bus.changed(topic);
    },
  };
}

function versionOf(text: string | null): string {
  return text === null ? 'missing' : sha256Hex(text).slice(0, 12);
}
