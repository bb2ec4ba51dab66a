/** Milliseconds. */
const tick = 100;

/**
 * Awaits the answer of one of the system's dialogs. Electron on Linux settles such a promise without waking Node, so that with nothing else
 * going on the answer would be seen only at the next timer, however late that is.
 */
export async function whileOpen<T>(answer: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, tick);
  try {
    return await answer;
  } finally {
    clearInterval(timer);
  }
}
