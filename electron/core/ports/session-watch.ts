/** Whether the operator is there: what tells that the screen was locked, or that nobody has touched the machine for a while. */
export interface SessionWatch {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Calls back when the screen is locked; the returned function ends that. */
  onLock(listener: () => void): () => void;
  /** Milliseconds without input, or null where nothing tells. */
  idleMs(): Promise<number | null>;
  status(): SessionWatchStatus;
  /** Calls back when the status changes. */
  onChange(listener: () => void): () => void;
}

export interface SessionWatchStatus {
  /** False: nobody would tell us of a lock, so what lasts until one must end by time. */
  readonly tellsLock: boolean;
  /** Who tells, such as `org.freedesktop.ScreenSaver`. */
  readonly sources: readonly string[];
  /** A sentence for the operator when nothing tells; null otherwise. */
  readonly why: string | null;
}
