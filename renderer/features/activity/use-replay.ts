import { useCallback, useEffect, useRef, useState } from 'react';
import { sizeOf, type Cast } from '../../lib/asciicast.ts';
import type { TerminalSink } from '../../ui/terminal.tsx';

export interface Replay {
  readonly source: (sink: TerminalSink) => () => void;
  /** Seconds that are shown. */
  readonly at: number;
  readonly isPlaying: boolean;
  readonly speed: number;
  readonly play: () => void;
  readonly pause: () => void;
  readonly seek: (at: number) => void;
  readonly setSpeed: (speed: number) => void;
}

/** Milliseconds between two steps. */
const step = 50;

/** Shows the frames after `from` up to `to` seconds; `from` is null for everything. */
function show(cast: Cast, sink: TerminalSink, from: number | null, to: number): void {
  if (from === null) {
    sink.reset();
    sink.resize(cast);
  }
  const frames = cast.frames.filter(({ at }) => at <= to && (from === null || at > from));
  for (const { kind, text } of frames) {
    const size = kind === 'resize' ? sizeOf(text) : null;
    if (size !== null) sink.resize(size);
    if (kind === 'output') sink.write(text);
  }
}

/** Plays a recording into a terminal. It begins at its end, with everything shown. */
export function useReplay(cast: Cast): Replay {
  const sink = useRef<TerminalSink | null>(null);
  const shown = useRef(cast.duration);
  const [at, setAt] = useState(cast.duration);
  const [isPlaying, setIsPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);

  const move = useCallback(
    (to: number) => {
      const target = Math.min(Math.max(to, 0), cast.duration);
      if (sink.current !== null) show(cast, sink.current, target < shown.current ? null : shown.current, target);
      shown.current = target;
      setAt(target);
    },
    [cast],
  );
  const source = useCallback(
    (given: TerminalSink) => {
      sink.current = given;
      show(cast, given, null, shown.current);
      return () => {
        sink.current = null;
      };
    },
    [cast],
  );
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => {
      move(shown.current + (step / 1000) * speed);
      if (shown.current >= cast.duration) setIsPlaying(false);
    }, step);
    return () => clearInterval(timer);
  }, [isPlaying, speed, move, cast]);

  return {
    source,
    at,
    isPlaying,
    speed,
    play() {
      if (shown.current >= cast.duration) move(0);
      setIsPlaying(true);
    },
    pause: () => setIsPlaying(false),
    seek(to) {
      setIsPlaying(false);
      move(to);
    },
    setSpeed,
  };
}
