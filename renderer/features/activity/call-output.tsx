import { History, TextIcon } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { CallRecord } from '../../../shared/domain/call.ts';
import { useAddress } from '../../lib/address.ts';
import { bytes } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/code-block.tsx';
import { LiveOutput, LiveTerminal } from './live-output.tsx';
import { RecordingPlayer } from './recording.tsx';

function Finished({ call, output }: { readonly call: CallRecord; readonly output: NonNullable<CallRecord['output']> }): ReactNode {
  const [search] = useAddress();
  const [isReplaying, setIsReplaying] = useState(search['replay'] === '1');
  const { text, truncated, exit_code, bytes: size } = output;
  const isProgram = call.tool === 'bash';
  return (
    <div className="flex flex-col gap-2">
      <div className="flex min-h-6 items-center gap-2">
        <p className="flex-1 text-sm text-ink-3">
          {exit_code !== null && `Exit code ${exit_code} · `}
          <span title={`${size} bytes`}>{bytes(size)}</span>
          {truncated && ' · the rest was dropped'}
        </p>
        {isProgram && (
          <Button
            size="small"
            onClick={() => setIsReplaying(!isReplaying)}
            icon={isReplaying ? <TextIcon size={14} aria-hidden="true" /> : <History size={14} aria-hidden="true" />}
          >
            {isReplaying ? 'Show the text' : 'Replay'}
          </Button>
        )}
      </div>
      {isProgram && isReplaying ? (
        <RecordingPlayer call={call.id} convertEol={call.arguments['tty'] !== true} />
      ) : (
        <div className="rounded-md bg-sunken px-3 py-2">
          {text === '' ? <span className="text-ink-3">Empty.</span> : <CodeBlock text={text} />}
        </div>
      )}
    </div>
  );
}

/** What a call writes while it runs, and what it wrote. */
export function CallOutput({ call }: { readonly call: CallRecord }): ReactNode {
  if (call.state === 'running') return call.arguments['tty'] === true ? <LiveTerminal call={call.id} /> : <LiveOutput call={call.id} />;
  if (call.output === null) return <p className="text-ink-3">{call.state === 'waiting' ? 'It has not run.' : 'None: it did not run.'}</p>;
  return <Finished call={call} output={call.output} />;
}
