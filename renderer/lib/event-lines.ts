/**
 * Reads a server-sent-events body (RFC-style `data:` lines) from chunks that may split anywhere.
 * Only single-line data is used by the gateway; comments and other fields are skipped.
 */
export function createEventLines(onData: (data: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text.startsWith('data:')) onData(text.slice(5).replace(/^ /, ''));
    }
  };
}
