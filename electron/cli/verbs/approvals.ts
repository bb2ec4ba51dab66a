import type { OutputOf } from '../../../shared/contract/contract.ts';
import type { Approval } from '../../../shared/domain/approval.ts';
import { ApprovalId, type Digest } from '../../../shared/domain/identity.ts';
import { fields, lines, shown, table, type Shown } from '../output.ts';
import type { Options } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb } from '../verb.ts';
import { digestOf } from './digest-option.ts';
import { extentOf, extentOptions } from './extent-option.ts';
import { endsText } from './grants.ts';
import { offersText } from './offer-text.ts';

const digestOption = { digest: { type: 'string', value: 'D', about: 'the approval digest, as list and show print it' } } as const;
const states = ['pending', 'open', 'all'] as const;

/** What waits for the operator. */
export const approvalVerbs: readonly Verb[] = [
  {
    name: 'approvals list',
    about: 'what waits for a decision',
    words: [],
    options: { state: { type: 'string', value: 'pending|open|all', about: 'pending unless said otherwise' } },
    async run({ options, out, host }) {
      const state = states.find((known) => known === (options.text('state') ?? 'pending'));
      if (state === undefined) throw new UsageError(`--state is one of ${states.join(', ')}.`);
      const answer = await host.invoke('approvals.list', { state });
      out.document(answer, () =>
        table(
          ['ID', 'STATE', 'AGENT', 'TOOL', 'RISK', 'CALL', 'DIGEST'],
          answer.approvals.map((approval) => [
            approval.id,
            approval.state,
            approval.agent,
            approval.tool,
            approval.risk,
            callText(approval),
            approval.digest,
          ]),
        ),
      );
      return 0;
    },
  },
  {
    name: 'approvals show',
    about: 'one request in full, and the rules that a decision on it could become',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      const id = approvalId(words[0]);
      const approval = await host.invoke('approvals.get', { id });
      if (approval.state === 'pending') {
        const offered = await host.invoke('approvals.offers', { id });
        out.document({ ...approval, ...offered }, () => lines([describe(approval), offersText(offered)]));
      } else {
        out.document(approval, () => describe(approval));
      }
      return 0;
    },
  },
  {
    name: 'approvals watch',
    about: 'requests and decisions as they come, a line each',
    words: [],
    options: {},
    async run({ out, host, world }) {
      const seen = new Map<string, string>();
      await host.watch(async (topic) => {
        if (topic !== null && topic !== 'approvals') return;
        const { approvals } = await host.invoke('approvals.list', { state: 'all' });
        for (const approval of [...approvals].reverse()) {
          // What had ended before the watch began is not news.
          const standing = `${approval.state} ${String(approval.endorsed?.length ?? 0)}`;
          const isNews = topic === null ? approval.state === 'pending' : seen.get(approval.id) !== standing;
          seen.set(approval.id, standing);
          if (isNews)
            out.line(approval, () =>
              table(
                [approval.id, approval.state, byText(approval), approval.agent, approval.tool, callText(approval), approval.digest],
                [],
              ),
            );
        }
      }, world.signal);
      return 0;
    },
  },
  {
    name: 'approvals approve',
    about: 'let a call run, once or for longer',
    words: ['ID'],
    options: { ...digestOption, ...extentOptions, reason: { type: 'string', value: 'TEXT', about: 'kept in the log' } },
    async run({ words, options, out, host }) {
      const extent = extentOf(options);
      const input = { id: approvalId(words[0]), digest: digest(options), reason: options.text('reason') ?? '', ...extent };
      const answer = await host.invoke('approvals.approve', input);
      out.document(answer, () => decidedText(answer));
      return 0;
    },
  },
  {
    name: 'approvals deny',
    about: 'refuse a call, once or for longer; the agent is told the reason',
    words: ['ID'],
    options: {
      reason: { type: 'string', value: 'TEXT', about: 'told to the agent and kept in the log' },
      ...digestOption,
      ...extentOptions,
    },
    async run({ words, options, out, host }) {
      const extent = extentOf(options);
      const echoed = options.text('digest') === undefined ? {} : { digest: digest(options) };
      const input = { id: approvalId(words[0]), reason: options.required('reason'), ...echoed, ...extent };
      const answer = await host.invoke('approvals.deny', input);
      out.document(answer, () => decidedText(answer));
      return 0;
    },
  },
  {
    name: 'approvals pregrant',
    about: 'after a request ended without a decision: a yes for the agent’s next identical call',
    words: ['ID'],
    options: digestOption,
    async run({ words, options, out, host }) {
      const answer = await host.invoke('approvals.pregrant', { id: approvalId(words[0]), digest: digest(options) });
      out.document(answer, () => shown(`${answer.id}: the next identical call may run once.`));
      return 0;
    },
  },
];

function approvalId(word: string | null | undefined): ApprovalId {
  const id = ApprovalId.safeParse(word);
  if (!id.success) throw new UsageError('A request’s id looks like apr_0123456789abcdef. See: gatehouse approvals list');
  return id.data;
}

const digest = (options: Options): Digest => digestOf(options, 'approvals list');

/** What became of a decision, and what goes on counting. */
function decidedText({ id, state, grant, rule }: OutputOf<'approvals.approve'>): Shown {
  const head = shown(`${id}: ${state}.`);
  if (rule !== null) return lines([head, shown(`policy.yaml has the rule ${rule}.`)]);
  return grant === null ? head : lines([head, shown(`${grant.id} counts on. Ends: ${endsText(grant)}. ${grant.sentence}`)]);
}

/** Who answered, and where: `slack U012 (slack)`; of half a yes, who gave it. */
function byText({ decision, endorsed }: Approval): string {
  const last = decision ?? endorsed?.at(-1);
  return last === undefined ? '-' : `${last.by} (${last.channel})`;
}

const callText = (approval: Approval): string => approval.preview.command ?? JSON.stringify(approval.arguments);

function describe(approval: Approval): Shown {
  return fields([
    ['id', approval.id],
    ['digest', approval.digest],
    ['state', approval.state],
    ['agent', `${approval.agent}${approval.agent_connected ? '' : ' (no longer waiting)'}`],
    ['tool', approval.tool],
    ...(approval.preview.command === null ? [] : ([['command', approval.preview.command]] as const)),
    ['arguments', JSON.stringify(approval.arguments)],
    ['target', approval.target],
    ['workspace', approval.workspace ?? 'none'],
    ['risk', approval.risk],
    ['asked by', `${approval.rule}: ${approval.reason}`],
    ['runs', approval.preview.programs.join(', ')],
    [
      'also runs',
      [
        ...approval.preview.runs_unlisted.map((program) => `files not listed (${program})`),
        ...(approval.preview.unparsed ? ['something that could not be parsed'] : []),
      ].join(', '),
    ],
    ['paths', approval.preview.paths.map(({ path, access }) => `${access} ${path}`).join(', ')],
    ['created', approval.created_at],
    ['expires', approval.expires_at],
    [
      'decision',
      approval.decision === null
        ? 'none'
        : `${approval.decision.result} by ${approval.decision.by} (${approval.decision.channel}) at ${approval.decision.at}: ${approval.decision.reason}`,
    ],
  ]);
}
