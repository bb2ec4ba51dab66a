import type { AuditEventType, NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { ChangeEntry, ChangeSet, FileVersion } from '../../../shared/domain/change.ts';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';

/** Entries that an event names one by one; the rest is counted. */
const named = 200;

/** An event on a change set: how many entries are in which state, and the first of those that it is about with their hashes. */
export function changeEvent(
  type: AuditEventType,
  set: ChangeSet,
  { entries, by, data = {} }: { readonly entries: readonly ChangeEntry[]; readonly by: 'gateway' | 'operator'; readonly data?: JsonObject },
): NewAuditEvent {
  const { agent, task_id, call_id } = set;
  const counts: Record<string, number> = {};
  for (const { state } of set.entries) counts[state] = (counts[state] ?? 0) + 1;
  const paths = entries.slice(0, named).map(described);
  const body = {
    change_set: set.id,
    digest: set.digest,
    state: set.state,
    counts,
    paths,
    more: Math.max(0, entries.length - named),
    ...data,
  };
  return { type, actor: by, agent, token_id: null, task_id, call_id, data: body };
}

const described = ({ path, from, kind, state, before, after, rule, tools, made_by }: ChangeEntry): JsonValue => ({
  path,
  ...(from === null ? {} : { from }),
  kind,
  state,
  before: contentOf(before),
  after: contentOf(after),
  rule,
  tools,
  made_by,
});

const contentOf = (version: FileVersion | null): JsonValue =>
  version === null ? null : version.type === 'file' ? version.sha256 : version.type;
