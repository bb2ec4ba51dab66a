import { Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AuditEvent } from '../../../shared/domain/audit.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import { targetName } from '../../lib/format.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { CallView } from '../../ui/approval/call-view.tsx';
import { Button } from '../../ui/button.tsx';
import { Fact, Facts, Section } from '../../ui/inspector.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { RiskBar } from '../../ui/risk-bar.tsx';
import { ErrorState, Loading, Notice } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { CallMark, VerdictMark } from '../../ui/verdict-mark.tsx';
import { CallChanges } from './call-changes.tsx';
import { ranFor } from './call-columns.tsx';
import { CallJob } from './call-job.tsx';
import { CallOutput } from './call-output.tsx';

function Events({ events, now }: { readonly events: readonly AuditEvent[]; readonly now: number }): ReactNode {
  if (events.length === 0) return <p className="text-ink-3">None yet.</p>;
  return (
    <ol className="flex flex-col gap-1">
      {events.map((event) => (
        <li key={event.seq} className="flex items-baseline gap-3">
          <PageLink to={`/audit?event=${event.seq}`} className="w-12 shrink-0 tabular-nums">
            {event.seq}
          </PageLink>
          <span className="machine min-w-0 flex-1 text-sm leading-5">{event.type}</span>
          <span className="text-ink-3">
            <Time iso={event.time} now={now} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Judgement({ call, now }: { readonly call: CallRecord; readonly now: number }): ReactNode {
  return (
    <Facts>
      <Fact name="Outcome">
        <CallMark state={call.state} outcome={call.outcome} />
      </Fact>
      {call.reason !== null && (
        <Fact name="Why">
          <Untrusted text={call.reason} />
        </Fact>
      )}
      {call.verdict !== null && (
        <>
          <Fact name="Verdict">
            <VerdictMark effect={call.verdict.effect} />
          </Fact>
          <Fact name="Rule">
            <PageLink to="/policy">
              <Untrusted text={call.verdict.rule} mono />
            </PageLink>
            {call.verdict.reason !== '' && (
              <div className="text-ink-2">
                <Untrusted text={call.verdict.reason} />
              </div>
            )}
          </Fact>
        </>
      )}
      {call.approval_id !== null && (
        <Fact name="Request">
          <PageLink to={`/approvals?state=all&request=${call.approval_id}`}>
            <span className="machine">{call.approval_id}</span>
          </PageLink>
        </Fact>
      )}
      <Fact name="Received">
        <Time iso={call.received_at} now={now} />
      </Fact>
      <Fact name="Took">{ranFor(call, now) || 'did not run'}</Fact>
    </Facts>
  );
}

/** One call, whole: what was asked, how it was judged and decided, what it wrote, and its rows in the log. */
export function CallDetails({ id, now }: { readonly id: CallId; readonly now: number }): ReactNode {
  const answer = useOperation('calls.get', { id });
  const stop = useCommand('calls.stop');
  if (answer.isPending) return <Loading what="the call" />;
  if (answer.isError) return <ErrorState error={answer.error} retry={() => void answer.refetch()} />;
  const { call, events } = answer.data;
  return (
    <>
      <Section title="Call">
        <div className="flex flex-col gap-3">
          <div className="max-h-80 overflow-y-auto" tabIndex={0} role="region" aria-label="The call">
            <CallView arguments={call.arguments} preview={call.preview} />
          </div>
          {call.state === 'running' && (
            <Button
              tone="danger"
              className="self-start"
              disabled={stop.isPending}
              onClick={() => stop.mutate({ id })}
              icon={<Square size={12} aria-hidden="true" />}
            >
              Stop it
            </Button>
          )}
          {stop.isError && <Notice tone="deny">{stop.error.message}</Notice>}
        </div>
      </Section>
      <Section title="Judgement">
        <Judgement call={call} now={now} />
      </Section>
      <Section title="Output">
        <CallOutput call={call} />
      </Section>
      {call.tool === 'bash' && call.state === 'finished' && <CallJob call={call.id} now={now} />}
      <Section title="Changes">
        <CallChanges id={call.change_set_id} />
      </Section>
      <Section title="Where">
        <Facts>
          <Fact name="Agent">
            <PageLink to={`/activity?agent=${encodeURIComponent(call.agent)}`}>
              <Untrusted text={call.agent} />
            </PageLink>
          </Fact>
          <Fact name="Workspace">{call.workspace === null ? 'none' : <Untrusted text={call.workspace} mono />}</Fact>
          <Fact name="Target">
            <Untrusted text={targetName(call.target)} />
          </Fact>
          <Fact name="Risk">
            <RiskBar risk={call.risk} />
          </Fact>
          {call.verdict !== null && <Fact name="Profile">{call.verdict.profile}</Fact>}
          {call.digest !== null && (
            <Fact name="Digest">
              <span className="machine text-sm">{call.digest}</span>
            </Fact>
          )}
        </Facts>
      </Section>
      <Section title="Events">
        <Events events={events} now={now} />
      </Section>
    </>
  );
}
