import { open } from 'node:fs/promises';

// Electron keeps its fuses in its own executable: this sentinel, a version byte, a length byte, then one character per fuse.
// RunAsNode is the first; '0' is off. Source: Electron's documentation, "Electron Fuses".
const SENTINEL = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
const RUN_AS_NODE = SENTINEL.length + 2;
const CHUNK = 4 * 1024 * 1024;
const OVERLAP = RUN_AS_NODE + 1;
const OFF = '0'.charCodeAt(0);

/**
 * Whether this Electron executable refuses to run as plain Node. An executable without fuses does not refuse.
 * @throws when the file cannot be read
 */
export async function isRunAsNodeOff(executable: string): Promise<boolean> {
  const file = await open(executable, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK + OVERLAP);
    for (let position = 0; ; position += CHUNK) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      const read = buffer.subarray(0, bytesRead);
      const at = read.indexOf(SENTINEL);
      if (at !== -1 && at + RUN_AS_NODE < bytesRead) return read[at + RUN_AS_NODE] === OFF;
      if (bytesRead < buffer.length) return false;
    }
  } finally {
    await file.close();
  }
}
