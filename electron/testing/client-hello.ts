import { connect } from 'node:tls';
import { Duplex } from 'node:stream';

/** The first bytes that a real TLS client writes. `servername` null: without a name. */
export const makeClientHello = async (servername: string | null): Promise<Buffer> =>
  await new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _, done) {
        resolve(chunk);
        done();
      },
    });
    connect({ socket: wire, ...(servername === null ? {} : { servername }) }).on('error', () => undefined);
  });

/** The same handshake message in records of so many bytes each. */
export const cutRecords = (hello: Buffer, size: number): Buffer => {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
};

/** A hello of our own with these extensions, as pairs of a type and its content. */
export const craftClientHello = (extensions: readonly (readonly [number, Buffer])[]): Buffer => {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const list = Buffer.concat(extensions.flatMap(([type, content]) => [u16(type), u16(content.length), content]));
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32),
    Buffer.from([0]),
    u16(2),
    u16(0x1301),
    Buffer.from([1, 0]),
    u16(list.length),
    list,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), u16(message.length), message]);
};

/** The content of a server_name extension. */
export const serverNames = (...names: readonly string[]): Buffer => {
  const entries = Buffer.concat(names.flatMap((name) => [Buffer.from([0, 0, name.length]), Buffer.from(name, 'latin1')]));
  return Buffer.concat([Buffer.from([0, entries.length]), entries]);
};
