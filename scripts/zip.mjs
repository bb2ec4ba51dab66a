import { createWriteStream, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/**
 * Unpacks the regular files of a zip archive (below 4 GB) that `place` wants.
 * @param {string} archive
 * @param {string} folder created when missing
 * @param {(name: string) => string | null} place name in the archive → path below `folder`, or null to leave it out
 */
export async function extractZip(archive, folder, place) {
  const file = await open(archive, 'r');
  try {
    for (const entry of await readDirectory(file)) {
      const path = entry.name.endsWith('/') ? null : place(entry.name);
      if (path !== null) await extract(file, entry, inside(folder, path));
    }
  } finally {
    await file.close();
  }
}

function inside(folder, path) {
  // SECURITY: an archive never writes outside the folder that it is unpacked into.
  if (normalize(path).startsWith('..') || normalize(path).startsWith(sep))
    throw new Error(`the archive holds a path that leaves its folder: ${path}`);
  return join(folder, path);
}

async function readDirectory(file) {
  const { size } = await file.stat();
  const tail = await read(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || tail.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error('not a zip archive');
  const directory = await read(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries = [];
  for (let at = 0; at < directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY;) {
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      bytes: directory.readUInt32LE(at + 20),
      start: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function extract(file, { name, method, bytes, start }, path) {
  if (method !== STORED && method !== DEFLATED) throw new Error(`${name} is packed in a way that is not supported (${method})`);
  const local = await read(file, start, LOCAL_HEADER_BYTES);
  const from = start + LOCAL_HEADER_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  mkdirSync(dirname(path), { recursive: true });
  const output = createWriteStream(path);
  if (bytes === 0) return void output.end();
  const packed = file.createReadStream({ start: from, end: from + bytes - 1, autoClose: false });
  await (method === STORED ? pipeline(packed, output) : pipeline(packed, createInflateRaw(), output));
}

async function read(file, position, length) {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, position);
  return buffer;
}
