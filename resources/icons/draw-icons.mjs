// Draws the application's icons from the same shapes as the tray's:  node_modules/.bin/node resources/icons/draw-icons.mjs
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { drawGateIcon } from '../../electron/host/windows/gate-icon.ts';

const sizes = [32, 64, 128, 256, 512];

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG with opacity out of premultiplied blue, green, red, opacity. */
function encodePng(pixels, size) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let at = 0; at < size * size; at += 1) {
    const to = at * 4 + Math.floor(at / size) + 1;
    const opacity = pixels[at * 4 + 3];
    for (const channel of [0, 1, 2]) rows[to + channel] = opacity === 0 ? 0 : Math.round((pixels[at * 4 + 2 - channel] * 255) / opacity);
    rows[to + 3] = opacity;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

for (const size of sizes) {
  writeFileSync(new URL(`${size}x${size}.png`, import.meta.url), encodePng(drawGateIcon({ size, waiting: 0 }), size));
}
