/** Addresses between text and bytes. Only the plain notations are read; everything else is no address. */

const readIPv4 = (text: string): Uint8Array | null => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : null;
};

const readGroups = (text: string): number[] | null => {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
};

/** `…:1.2.3.4` as `…:0102:0304`. */
const withoutDots = (text: string): string | null => {
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (!last.includes('.')) return text;
  const bytes = readIPv4(last);
  if (bytes === null) return null;
  const hex = Buffer.from(bytes).toString('hex');
  return `${text.slice(0, text.length - last.length)}${hex.slice(0, 4)}:${hex.slice(4)}`;
};

const readIPv6 = (text: string): Uint8Array | null => {
  const plain = withoutDots(text);
  const halves = plain?.split('::') ?? [];
  if (halves.length < 1 || halves.length > 2) return null;
  const [head, tail] = [readGroups(halves[0] ?? ''), readGroups(halves[1] ?? '')];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
};

/** Reads what a resolver answers: four decimal numbers, or IPv6 without a zone. Null for anything else. */
export const readAddress = (text: string): Uint8Array | null => (text.includes(':') ? readIPv6(text) : readIPv4(text));

/** The text of 4 or 16 bytes, IPv6 in full. Throws on any other length. */
export const writeAddress = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError('an address has 4 or 16 bytes');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16));
  return groups.join(':');
};
