import { Pause, Play, SkipForward } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { parseCast, type Cast } from '../../lib/asciicast.ts';
import { useRecording } from '../../lib/use-recording.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ErrorState, Loading, Notice } from '../../ui/states.tsx';
import { TerminalView } from '../../ui/terminal.tsx';
import { useReplay } from './use-replay.ts';

const speeds = [1, 2, 5] as const;

/** `0:04.2` */
const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;

function Player({ cast, text, convertEol }: { readonly cast: Cast; readonly text: string; readonly convertEol: boolean }): ReactNode {
  const replay = useReplay(cast);
  const size = useMemo(() => ({ columns: cast.columns, rows: cast.rows }), [cast]);
  const icon = { size: 14, 'aria-hidden': true } as const;
  return (
    <div className="flex flex-col gap-2" role="group" aria-label="Replay">
      <TerminalView label="Recorded output" convertEol={convertEol} size={size} source={replay.source} />
      <div className="flex items-center gap-3">
        <input
          type="range"
          className="h-6 min-w-0 flex-1 accent-accent"
          aria-label="Position"
          aria-valuetext={`${clock(replay.at)} of ${clock(cast.duration)}`}
          min={0}
          max={cast.duration}
          step={0.05}
          value={replay.at}
          onChange={(event) => replay.seek(Number(event.target.value))}
        />
        <span className="machine text-sm text-ink-2">
          {clock(replay.at)} / {clock(cast.duration)}
        </span>
      </div>
      <div className="flex flex-wrap items-center gap-1">
        {replay.isPlaying ? (
          <Button size="small" onClick={replay.pause} icon={<Pause {...icon} />}>
            Pause
          </Button>
        ) : (
          <Button size="small" onClick={replay.play} icon={<Play {...icon} />}>
            Play
          </Button>
        )}
        {speeds.map((speed) => (
          <Button
            key={speed}
            size="small"
            tone={replay.speed === speed ? 'plain' : 'quiet'}
            aria-pressed={replay.speed === speed}
            aria-label={`Speed ${speed}×`}
            onClick={() => replay.setSpeed(speed)}
          >
            {speed}×
          </Button>
        ))}
        <Button size="small" tone="quiet" onClick={() => replay.seek(cast.duration)} icon={<SkipForward {...icon} />}>
          To the end
        </Button>
        <span className="flex-1" />
        <CopyButton text={text} label="Copy as .cast" />
      </div>
    </div>
  );
}

/** A finished call's recording, to be watched again. */
export function RecordingPlayer({ call, convertEol }: { readonly call: CallId; readonly convertEol: boolean }): ReactNode {
  const recording = useRecording(call);
  const text = recording.data?.cast ?? null;
  const cast = useMemo(() => (text === null ? null : parseCast(text)), [text]);
  if (recording.isPending) return <Loading what="the recording" />;
  if (recording.isError) return <ErrorState error={recording.error} retry={() => void recording.refetch()} />;
  if (text === null) return <p className="text-ink-3">There is no recording: nothing was printed, or it was let go to make room.</p>;
  if (cast === null) return <Notice tone="deny">The recording cannot be read: it is not asciicast v2.</Notice>;
  return <Player cast={cast} text={text} convertEol={convertEol} />;
}
