import type { ReactNode } from 'react';
import type { AuditEvent } from '../../../shared/domain/audit.ts';
import { absoluteTime } from '../../lib/format.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Fact, Facts, Section } from '../../ui/inspector.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { EventRecording } from './event-recording.tsx';

/** One row of the log: what it says, and its place in the chain. */
export function EventDetails({ event }: { readonly event: AuditEvent }): ReactNode {
  const { hash, ...body } = event;
  const isEnd = event.type === 'execution.finished' || event.type === 'job.finished';
  const recorded = isEnd ? event.data['recording_sha256'] : null;
  return (
    <>
      <Section title="Event">
        <Facts>
          <Fact name="Type">
            <span className="machine">{event.type}</span>
          </Fact>
          <Fact name="Time">{absoluteTime(event.time)}</Fact>
          <Fact name="By">{event.actor}</Fact>
          {event.agent !== null && (
            <Fact name="Agent">
              <PageLink to={`/audit?agent=${encodeURIComponent(event.agent)}`}>
                <Untrusted text={event.agent} />
              </PageLink>
            </Fact>
          )}
          {event.call_id !== null && (
            <Fact name="Call">
              <PageLink to={`/activity?call=${event.call_id}`}>
                <span className="machine">{event.call_id}</span>
              </PageLink>
            </Fact>
          )}
          {event.token_id !== null && (
            <Fact name="Token">
              <PageLink to="/agents">
                <span className="machine">{event.token_id}</span>
              </PageLink>
            </Fact>
          )}
        </Facts>
      </Section>
      {event.call_id !== null && typeof recorded === 'string' && <EventRecording call={event.call_id} recorded={recorded} />}
      <Section title="Body">
        <div className="rounded-md bg-sunken px-3 py-2">
          <CodeBlock text={JSON.stringify(body, null, 2)} />
        </div>
      </Section>
      <Section title="Chain">
        <Facts>
          <Fact name="Row">{event.seq}</Fact>
          <Fact name="Hash">
            <span className="machine text-sm">{hash}</span>
          </Fact>
        </Facts>
        <div className="pt-2">
          <CopyButton text={hash} label="Copy the hash" tone="plain" />
        </div>
      </Section>
    </>
  );
}
