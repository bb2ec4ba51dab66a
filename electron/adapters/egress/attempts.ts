import type { DialedStream, EgressEvent, EgressRefusal, PinnedAddress } from '../../core/ports/egress.ts';

/** One thing that a command tried, told exactly once. */
export interface Attempt {
  refuse(refusal: EgressRefusal): void;
  /** From here on, what goes through counts; it is told when the stream has closed. */
  opened(stream: DialedStream, address: PinnedAddress): void;
}

/** Characters of a name that are kept of what is none. */
const longestName = 255;

/** Tells of attempts, and how many more there may be. */
export const createAttempts = (onEvent: (event: EgressEvent) => void, most: number) => {
  const open = new Set<() => void>();
  let begun = 0;
  return {
    /** Null when there were too many already: the last one is told as such, the rest are not, so that the log cannot be flooded. */
    begin(host: string, port: number): Attempt | null {
      begun += 1;
      const shown = host.slice(0, longestName);
      let isTold = false;
      const tell = (address: string | null, refusal: EgressRefusal | null, stream?: DialedStream): void => {
        if (isTold) return;
        isTold = true;
        onEvent({ host: shown, port, address, refusal, bytesUp: stream?.bytesWritten ?? 0, bytesDown: stream?.bytesRead ?? 0 });
      };
      if (begun > most) {
        if (begun === most + 1) tell(null, 'too_many');
        return null;
      }
      return {
        refuse: (refusal) => tell(null, refusal),
        opened(stream, address) {
          const end = (): void => {
            open.delete(end);
            tell(address.text, null, stream);
          };
          open.add(end);
          // What a peer does to its connection is no error of ours.
          stream.once('close', end).on('error', () => stream.destroy());
        },
      };
    },
    /** Tells what is still open. */
    finish(): void {
      for (const end of [...open]) end();
    },
  };
};
export type Attempts = ReturnType<typeof createAttempts>;
