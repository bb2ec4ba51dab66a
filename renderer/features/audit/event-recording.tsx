import type { ReactNode } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { messageOf } from '../../lib/operation-error.ts';
import { useRecording } from '../../lib/use-recording.ts';
import { Fact, Facts, Section } from '../../ui/inspector.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

/** Whether the recording that is kept is the one whose hash is in the log. */
function Match({ call, recorded }: { readonly call: CallId; readonly recorded: string }): ReactNode {
  const recording = useRecording(call);
  if (recording.isPending) return <span className="text-ink-3">Comparing with the recording …</span>;
  if (recording.isError)
    return (
      <Notice tone="deny">
        <Untrusted text={messageOf(recording.error)} />
      </Notice>
    );
  if (recording.data === null) return <Notice tone="neutral">The recording was let go to make room. Its hash stays in the log.</Notice>;
  const { sha256 } = recording.data;
  if (sha256 === null) return <Notice tone="ask">Not compared: this page is not served in a secure context.</Notice>;
  return sha256 === recorded ? (
    <span className="font-medium text-allow">✓ The recording matches</span>
  ) : (
    <Notice tone="deny">The recording on disk is not the one that was logged: its SHA-256 is different. Do not trust what it shows.</Notice>
  );
}

/** From the row of a finished command to its recording. */
export function EventRecording({ call, recorded }: { readonly call: CallId; readonly recorded: string }): ReactNode {
  return (
    <Section title="Recording">
      <Facts>
        <Fact name="Replay">
          <PageLink to={`/activity?call=${call}&replay=1`}>Watch what it printed</PageLink>
        </Fact>
        <Fact name="Integrity">
          <Match call={call} recorded={recorded} />
        </Fact>
        <Fact name="SHA-256">
          <Untrusted text={recorded} mono className="text-sm" />
        </Fact>
      </Facts>
    </Section>
  );
}
