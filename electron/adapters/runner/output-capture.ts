/** Collects a program's output up to a limit of bytes; the rest is counted and let go. */
export interface OutputCapture {
  add(chunk: Uint8Array): void;
  /** Ends the text; call it once. */
  finish(): { readonly output: string; readonly outputBytes: number; readonly truncated: boolean };
}

/** A character that is split across chunks is put together; invalid UTF-8 becomes U+FFFD; one cut in two by the limit is left out. */
export const createOutputCapture = (limit: number, onOutput: (chunk: string) => void): OutputCapture => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const parts: string[] = [];
  let total = 0;
  const keep = (text: string): void => {
    if (text === '') return;
    parts.push(text);
    onOutput(text);
  };
  return {
    add(chunk) {
      const kept = chunk.subarray(0, Math.max(0, limit - total));
      total += chunk.length;
      if (kept.length > 0) keep(decoder.decode(kept, { stream: true }));
    },
    finish() {
      if (total <= limit) keep(decoder.decode());
      return { output: parts.join(''), outputBytes: total, truncated: total > limit };
    },
  };
};
