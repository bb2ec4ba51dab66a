/** RFC 5280, 4.2.1.10. */
export const nameConstraintsId = '2.5.29.30';

/** One value in DER. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const sequence = 0x30;
const permitted = 0xa0;
const excluded = 0xa1;
const dnsName = 0x82;
const ipAddress = 0x87;

/** The value of the extension: these hosts and what is below them, and no address at all. At most 200 hosts. */
export const nameConstraints = (hosts: readonly string[]): Buffer =>
  der(
    sequence,
    der(permitted, ...hosts.map((host) => der(sequence, der(dnsName, Buffer.from(host, 'latin1'))))),
    // An address with a mask of zeros is every address.
    der(excluded, ...[8, 32].map((length) => der(sequence, der(ipAddress, new Uint8Array(length))))),
  );
