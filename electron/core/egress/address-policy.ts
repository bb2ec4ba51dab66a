import { readAddress } from './address.ts';

/**
 * What an address is, as far as letting a command out goes.
 * `public`: the Internet. `local`: this machine or its networks; for hosts that the operator names. `never`: nobody's business.
 */
export type AddressKind = 'public' | 'local' | 'never';

interface Range {
  readonly prefix: Uint8Array;
  readonly bits: number;
  readonly kind: AddressKind;
}

const range = (text: string, kind: AddressKind): Range => {
  const [address = '', bits = ''] = text.split('/');
  const prefix = readAddress(address);
  if (prefix === null) throw new RangeError(`${text} is no range`);
  return { prefix, bits: Number(bits), kind };
};

// SECURITY: the special-purpose registries of IANA (RFC 6890 and its updates) and the metadata services of clouds. The first match counts.
const ipv4: readonly Range[] = [
  range('100.100.100.200/32', 'never'), // metadata (Alibaba)
  range('168.63.129.16/32', 'never'), // the host's agent (Azure), a public number
  range('169.254.0.0/16', 'never'), // link-local, metadata (169.254.169.254) among them
  range('0.0.0.0/8', 'never'), // unspecified: Linux dials itself
  range('10.0.0.0/8', 'local'),
  range('100.64.0.0/10', 'local'), // carrier-grade NAT
  range('127.0.0.0/8', 'local'),
  range('172.16.0.0/12', 'local'),
  range('192.168.0.0/16', 'local'),
  range('192.0.0.0/24', 'never'), // protocol assignments
  range('192.0.2.0/24', 'never'), // documentation
  range('192.88.99.0/24', 'never'), // 6to4 relays
  range('198.18.0.0/15', 'never'), // benchmarks
  range('198.51.100.0/24', 'never'), // documentation
  range('203.0.113.0/24', 'never'), // documentation
  range('224.0.0.0/3', 'never'), // multicast, reserved, broadcast
  range('0.0.0.0/0', 'public'),
];

const ipv6: readonly Range[] = [
  range('fd00:ec2::254/128', 'never'), // metadata (AWS)
  range('fd20:ce::254/128', 'never'), // metadata (Google)
  range('::1/128', 'local'),
  range('fc00::/7', 'local'),
  range('2001::/23', 'never'), // protocol assignments, benchmarks, ORCHID
  range('2001:db8::/32', 'never'), // documentation
  range('3fff::/20', 'never'), // documentation
  range('2000::/3', 'public'),
  range('::/0', 'never'), // unspecified, link-local, site-local, multicast, and what nobody has been given
];

/** Prefixes of IPv6 that carry an IPv4 address, where it begins, and whether its bits are flipped. */
const embeddings: readonly { readonly range: Range; readonly offset: number; readonly isFlipped?: true }[] = [
  { range: range('::ffff:0:0/96', 'public'), offset: 12 }, // IPv4-mapped
  { range: range('::ffff:0:0:0/96', 'public'), offset: 12 }, // translated (SIIT)
  { range: range('64:ff9b::/96', 'public'), offset: 12 }, // NAT64
  { range: range('2002::/16', 'public'), offset: 2 }, // 6to4
  { range: range('2001::/32', 'public'), offset: 12, isFlipped: true }, // Teredo: the client
  { range: range('2001::/32', 'public'), offset: 4 }, // Teredo: the server
];

const isIn = (bytes: Uint8Array, { prefix, bits }: Range): boolean =>
  prefix.every((byte, index) => {
    const used = Math.min(8, Math.max(0, bits - index * 8));
    const mask = (0xff << (8 - used)) & 0xff;
    return ((byte ^ (bytes[index] ?? 0)) & mask) === 0;
  });

const strictest = (kinds: readonly AddressKind[]): AddressKind =>
  kinds.includes('never') ? 'never' : kinds.includes('local') ? 'local' : 'public';

/** ISATAP hides an IPv4 address in the lower half, below any prefix. */
const isIsatap = (bytes: Uint8Array): boolean =>
  ((bytes[8] ?? 0) & 0xfc) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;

/** Judges 4 or 16 bytes; IPv4 inside IPv6 is unwrapped and judged as what it is. Bytes of any other number are `never`. */
export const judgeAddress = (bytes: Uint8Array): AddressKind => {
  if (bytes.length === 4) return ipv4.find((each) => isIn(bytes, each))?.kind ?? 'never';
  if (bytes.length !== 16) return 'never';
  const inside = embeddings
    .filter((each) => isIn(bytes, each.range))
    .map(({ offset, isFlipped }) => judgeAddress(bytes.slice(offset, offset + 4).map((byte) => (isFlipped ? byte ^ 0xff : byte))));
  if (inside.length > 0) return strictest(inside);
  const outer = ipv6.find((each) => isIn(bytes, each))?.kind ?? 'never';
  return isIsatap(bytes) ? strictest([outer, judgeAddress(bytes.slice(12))]) : outer;
};

/** Whether two addresses lead to the same place, IPv4 inside IPv6 included. */
export const isSameAddress = (one: Uint8Array, other: Uint8Array): boolean => {
  const mapped = embeddings[0]?.range;
  const plain = (bytes: Uint8Array): Uint8Array =>
    bytes.length === 16 && mapped !== undefined && isIn(bytes, mapped) ? bytes.slice(12) : bytes;
  return Buffer.compare(plain(one), plain(other)) === 0;
};

const loopbacks: readonly Range[] = [range('127.0.0.0/8', 'local'), range('::1/128', 'local')];

/** Whether an address never leaves this machine, by its bytes. */
export const isLoopback = (bytes: Uint8Array): boolean =>
  loopbacks.some((each) => each.prefix.length === bytes.length && isIn(bytes, each));
