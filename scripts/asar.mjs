import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/**
 * Writes a flat asar archive.
 * Format: two pickled integers, then a pickled JSON header naming each file's size and offset, then the files.
 * @param {string} path
 * @param {Record<string, string>} texts file name → content
 */
export function writeAsar(path, texts) {
  const files = {};
  const contents = [];
  let offset = 0;
  for (const [name, text] of Object.entries(texts)) {
    const content = Buffer.from(text);
    const hash = createHash('sha256').update(content).digest('hex');
    files[name] = {
      size: content.length,
      offset: String(offset),
      integrity: { algorithm: 'SHA256', hash, blockSize: 4_194_304, blocks: [hash] },
    };
    contents.push(content);
    offset += content.length;
  }
  writeFileSync(path, Buffer.concat([header(JSON.stringify({ files })), ...contents]));
}

function header(json) {
  const text = Buffer.from(json);
  const padded = Math.ceil(text.length / 4) * 4;
  const buffer = Buffer.alloc(16 + padded);
  buffer.writeUInt32LE(4, 0);
  buffer.writeUInt32LE(padded + 8, 4);
  buffer.writeUInt32LE(padded + 4, 8);
  buffer.writeUInt32LE(text.length, 12);
  text.copy(buffer, 16);
  return buffer;
}
