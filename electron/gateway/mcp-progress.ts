/** Progress of one waiting call. */
export interface McpProgress {
  report(message: string): void;
  stop(): void;
}

/**
 * Sends each reported message at once and repeats the last one every `everyMs` milliseconds: clients count a call as
 * lost after 60 s of silence. The counter only rises, as the protocol demands. Without `send` it does nothing.
 */
export function startMcpProgress(send: ((progress: number, message: string) => void) | null, everyMs: number): McpProgress {
  if (send === null) return { report: () => undefined, stop: () => undefined };
  let count = 0;
  let latest = 'The call is still running.';
  let running = true;
  const sendLatest = (): void => {
    if (running) send(++count, latest);
  };
  const timer = setInterval(sendLatest, everyMs);
  timer.unref();
  return {
    report(message) {
      latest = message;
      sendLatest();
    },
    stop() {
      running = false;
      clearInterval(timer);
    },
  };
}
