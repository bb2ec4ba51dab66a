import type { DialedStream, EgressEvent, EgressRefusal, EgressRequest, PinnedAddress } from '../../core/ports/egress.ts';

/** One thing that a command tried, told exactly once. */
export interface Attempt {
  /** `dialed`: it was refused only then. */
  refuse(refusal: EgressRefusal, dialed?: Dialed): void;
  /** From here on, what goes through counts; it is told when the stream has closed. */
  opened(dialed: Dialed): void;
}

/** An open connection, and the address that it leads to. */
export interface Dialed {
  readonly stream: DialedStream;
  readonly address: PinnedAddress;
}

/** What is tried. */
export interface Tried {
  readonly host: string;
  readonly port: number;
  readonly intercepted: boolean;
  readonly request: EgressRequest | null;
}

/** Characters of a name that are kept of what is none. */
const longestName = 255;

/** Tells of attempts, and how many more there may be. */
export const createAttempts = (onEvent: (event: EgressEvent) => void, most: number) => {
  const open = new Set<() => void>();
  let begun = 0;
  return {
    /** Null when there were too many already: the last one is told as such, the rest are not, so that the log cannot be flooded. */
    begin({ host, ...tried }: Tried): Attempt | null {
      begun += 1;
      const shown = host.slice(0, longestName);
      let isTold = false;
      const tell = (refusal: EgressRefusal | null, dialed?: Dialed): void => {
        if (isTold) return;
        isTold = true;
        const { stream, address } = dialed ?? {};
        const bytes = { bytesUp: stream?.bytesWritten ?? 0, bytesDown: stream?.bytesRead ?? 0 };
        onEvent({ host: shown, ...tried, address: address?.text ?? null, refusal, ...bytes });
      };
      if (begun > most) {
        if (begun === most + 1) tell('too_many');
        return null;
      }
      return {
        refuse: tell,
        opened(dialed) {
          const end = (): void => {
            open.delete(end);
            tell(null, dialed);
          };
          open.add(end);
          // What a peer does to its connection is no error of ours.
          dialed.stream.once('close', end).on('error', () => dialed.stream.destroy());
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
