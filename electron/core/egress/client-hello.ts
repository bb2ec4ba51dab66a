/** What the first bytes of a connection say. */
export type FirstBytes =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'hello'; readonly serverName: string | null }
  /** Not TLS, or TLS that no honest client writes. */
  | { readonly kind: 'malformed' };

/** Bytes within which a ClientHello must have come, records and all; post-quantum ones take about 2000. */
export const longestHello = 16_384;
/** SECURITY: this is read again with each piece that comes, so that it must cost little however the hello is cut (rule 20). */
const mostRecords = 64;

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;

/** Reads numbers and slices in order; throws RangeError past the end. */
const createReader = (bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('past the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const u8 = (): number => view.getUint8((at += 1) - 1);
  const u16 = (): number => view.getUint16((at += 2) - 2);
  return { take, u8, u16, isDone: () => at === bytes.length };
};

/** The one name of a server_name extension (RFC 6066); throws RangeError when there is not exactly one. */
const readServerName = (extension: Uint8Array): string => {
  const outer = createReader(extension);
  const list = createReader(outer.take(outer.u16()));
  if (list.u8() !== 0) throw new RangeError('a name of another kind');
  const name = list.take(list.u16());
  if (!outer.isDone() || !list.isDone() || name.length === 0) throw new RangeError('not one name');
  return Buffer.from(name).toString('latin1');
};

const readHelloBody = (body: Uint8Array): string | null => {
  const reader = createReader(body);
  reader.take(2 + 32);
  reader.take(reader.u8());
  reader.take(reader.u16());
  reader.take(reader.u8());
  if (reader.isDone()) return null;
  const extensions = createReader(reader.take(reader.u16()));
  if (!reader.isDone()) throw new RangeError('more after the extensions');
  let serverName: string | null = null;
  while (!extensions.isDone()) {
    const type = extensions.u16();
    const content = extensions.take(extensions.u16());
    if (type !== serverNameExtension) continue;
    // SECURITY: with two names, we would compare one and the server might take the other.
    if (serverName !== null) throw new RangeError('two names');
    serverName = readServerName(content);
  }
  return serverName;
};

/** Puts the records' contents together; null when they hold anything but a handshake, or are more than anybody writes. */
const readRecords = (bytes: Uint8Array): Uint8Array | null => {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && parts.length <= mostRecords;) {
    const [type, major, , high, low] = bytes.subarray(at, at + 5);
    if (type !== handshakeRecord || (major !== undefined && major !== 3)) {
      // What comes after the hello is not ours to read.
      const sofar = Buffer.concat(parts);
      return isComplete(sofar) ? sofar : null;
    }
    if (high === undefined || low === undefined) break;
    const length = (high << 8) | low;
    if (length === 0 || length > 16_384) return null;
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const message = Buffer.concat(parts);
  return parts.length > mostRecords && !isComplete(message) ? null : message;
};

const messageLength = (message: Uint8Array): number => ((message[1] ?? 0) << 16) | ((message[2] ?? 0) << 8) | (message[3] ?? 0);

const isComplete = (message: Uint8Array): boolean => message.length >= 4 && message.length >= 4 + messageLength(message);

/**
 * Reads a TLS ClientHello, cut into records and pieces in any way, and the server name that it asks for (of an encrypted one, the outer).
 * Gets everything that has come so far.
 */
export const readClientHello = (bytes: Uint8Array): FirstBytes => {
  const message = readRecords(bytes);
  if (message === null || (message.length > 0 && message[0] !== clientHello)) return { kind: 'malformed' };
  if (message.length >= 4 && messageLength(message) > longestHello) return { kind: 'malformed' };
  if (!isComplete(message)) return bytes.length > longestHello ? { kind: 'malformed' } : { kind: 'incomplete' };
  try {
    return { kind: 'hello', serverName: readHelloBody(message.subarray(4, 4 + messageLength(message))) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'malformed' };
    throw error;
  }
};
