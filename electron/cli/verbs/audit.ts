import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { AuditEventType, type AuditEvent, type AuditVerification } from '../../../shared/domain/audit.ts';
import { AgentName } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { verifyExport } from '../../core/audit/verify-export.ts';
import { given, instant } from '../../operator/handlers/given.ts';
import { fields, lines, shown, table, type Shown } from '../output.ts';
import { useOffline } from '../use-offline.ts';
import { UsageError } from '../usage-error.ts';
import type { OptionSpec, Verb, VerbContext } from '../verb.ts';

const range: Readonly<Record<string, OptionSpec>> = {
  from: { type: 'string', value: 'ISO', about: 'from this instant or day (UTC)' },
  to: { type: 'string', value: 'ISO', about: 'up to this instant or day (UTC)' },
};
const pageSize = 1000;
const tailed = 20;

/** The audit log. */
export const auditVerbs: readonly Verb[] = [
  {
    name: 'audit tail',
    about: 'the newest events, and then each as it is written, a line each',
    words: [],
    options: { lines: { type: 'string', value: 'N', about: `how many of the newest to begin with (${tailed})` } },
    run: tail,
  },
  {
    name: 'audit search',
    about: 'events that contain a text, newest first',
    words: ['QUERY'],
    options: {
      ...range,
      type: { type: 'string', multiple: true, value: 'NOUN.VERB', about: 'only events of this type' },
      agent: { type: 'string', value: 'NAME', about: 'only this agent’s' },
      limit: { type: 'string', value: 'N', about: 'at most so many (200)' },
    },
    run: search,
  },
  {
    name: 'audit export',
    about: 'every row as it is stored, {"seq","body","hash"} a line',
    words: [],
    options: { ...range, out: { type: 'string', value: 'FILE', about: 'a new file (0600) instead of stdout' } },
    run: exportRows,
  },
  {
    name: 'audit verify',
    about: 'check that nothing in the log was edited, deleted, inserted or moved',
    words: [],
    options: { file: { type: 'string', value: 'EXPORT', about: 'check an export instead' } },
    run: verify,
  },
];

async function tail({ options, out, host, world }: VerbContext): Promise<number> {
  const count = options.number('lines', { min: 0, max: 1000 }) ?? tailed;
  let last = -1;
  const print = (events: readonly AuditEvent[]): void => {
    for (const event of events) {
      last = event.seq;
      out.line(event, () => eventLine(event));
    }
  };
  await host.watch(async (topic) => {
    if (topic === null) {
      const newest = [...(await host.invoke('audit.list', { limit: Math.max(1, count) })).events].reverse();
      last = newest.at(-1)?.seq ?? 0;
      print(count === 0 ? [] : newest);
    } else if (topic === 'audit') {
      let page: readonly AuditEvent[];
      do {
        page = (await host.invoke('audit.list', { after_seq: last, limit: pageSize })).events;
        print(page);
      } while (page.length === pageSize);
    }
  }, world.signal);
  return 0;
}

async function search(context: VerbContext): Promise<number> {
  const { options, words, out } = context;
  const agent = options.text('agent');
  if (agent !== undefined && !AgentName.safeParse(agent).success) throw new UsageError('--agent takes an agent’s name.');
  const types = options.list('type').map((type) => {
    const known = AuditEventType.safeParse(type);
    if (!known.success) throw new UsageError(`--type ${type}: there is no such type. They are: ${AuditEventType.options.join(', ')}.`);
    return known.data;
  });
  const query = {
    text: words[0] ?? '',
    limit: options.number('limit', { min: 1, max: 1000 }) ?? 200,
    ...given({ agent, ...rangeOf(context), types: types.length === 0 ? undefined : types }),
  };
  const events = await useOffline(
    context,
    async (host) => (await host.invoke('audit.list', query)).events,
    async (offline) => offline.log.auditEvents(query),
  );
  out.document({ events }, () => lines(events.map(eventLine)));
  return 0;
}

async function exportRows(context: VerbContext): Promise<number> {
  const { options, out, world } = context;
  const file = options.text('out');
  const bounds = rangeOf(context);
  const sink = file === undefined ? null : openNew(resolve(world.cwd, file));
  let rows = 0;
  try {
    await useOffline(
      context,
      async (host) => copy(async (after_seq) => (await host.invoke('audit.rows', { after_seq, limit: pageSize, ...bounds })).rows),
      async (offline) => copy(async (after_seq) => offline.log.auditRows({ after_seq, limit: pageSize, ...bounds })),
    );
  } finally {
    if (sink !== null) closeSync(sink);
  }
  if (file !== undefined) out.document({ out: file, rows }, () => shown(`${rows} rows written to ${file}.`));
  return 0;

  async function copy(
    page: (after: number) => Promise<readonly { readonly seq: number; readonly body: string; readonly hash: string }[]>,
  ): Promise<void> {
    for (let after = 0, more = true; more;) {
      const found = await page(after);
      const text = found.map(({ seq, body, hash }) => `${JSON.stringify({ seq, body, hash })}\n`).join('');
      if (sink === null) world.stdout(text);
      else writeSync(sink, text);
      rows += found.length;
      after = found.at(-1)?.seq ?? after;
      more = found.length === pageSize;
    }
  }
}

async function verify(context: VerbContext): Promise<number> {
  const { options, out, world } = context;
  const file = options.text('file');
  const result =
    file === undefined
      ? await useOffline(
          context,
          async (host) => host.invoke('audit.verify', {}),
          async (offline) => offline.verify(),
        )
      : await verifyFile(resolve(world.cwd, file));
  out.document(result, () => describe(result));
  return result.ok ? 0 : 1;
}

async function verifyFile(path: string): Promise<AuditVerification> {
  try {
    return await verifyExport(createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }));
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('not_found', `${path} cannot be read.`, { cause });
  }
}

/** SECURITY: the log holds what agents asked for: for the operator only, and never over a file or through a link that is there. */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new AppError(exists ? 'conflict' : 'unavailable', exists ? `${path} exists. Name a new file.` : `${path} cannot be written.`, {
      cause,
    });
  }
}

function rangeOf({ options }: VerbContext): { readonly from?: string; readonly to?: string } {
  return given({ from: instant('--from', options.text('from')), to: instant('--to', options.text('to')) });
}

function eventLine(event: AuditEvent): Shown {
  return table([String(event.seq), event.time, event.type, event.agent ?? event.actor, JSON.stringify(event.data)], []);
}

function describe(result: AuditVerification): Shown {
  const found = fields([
    ['result', result.ok ? 'the log is whole' : 'THE LOG IS NOT WHOLE'],
    ['events', String(result.events)],
    ['head', `${result.head.seq} ${result.head.hash}`],
    ['anchor', result.anchor],
  ]);
  return lines([found, ...result.problems.map(({ seq, kind }) => shown(`event ${seq}: ${kind}`))]);
}
