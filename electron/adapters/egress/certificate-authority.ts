// Before the library that needs it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { nameConstraints, nameConstraintsId } from './name-constraints.ts';

/** A server's key and the certificates that go with it, as PEM. */
export interface Leaf {
  readonly key: string;
  readonly cert: string;
}

/** Vouches for hosts towards one set of commands. Its key is in this process's memory and cannot be taken out of the object that holds it. */
export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  readonly notAfter: Date;
  leaf(host: string): Promise<Leaf>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks that were set back a little. */
const earlierMs = 5 * 60_000;
/** A pattern may cover names without end. */
const mostLeaves = 256;

const serialNumber = (): string => {
  const bytes = randomBytes(16);
  // Positive, and of full length.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
};

/**
 * Makes an authority for these hosts and what is below them.
 * @param lastsMs how long it is valid, and with it what it vouches for
 */
export const createCertificateAuthority = async (
  hosts: readonly string[],
  lastsMs: number,
  now = Date.now(),
): Promise<CertificateAuthority> => {
  // SECURITY: the key cannot be exported, so that it can be written nowhere.
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const validity = { notBefore: new Date(now - earlierMs), notAfter: new Date(now + lastsMs) };
  const run = randomBytes(4).toString('hex');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Gatehouse session ${run}`,
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // SECURITY: who trusts it trusts it for these hosts only, whatever it may be made to sign.
      new Extension(nameConstraintsId, true, nameConstraints(hosts)),
      await SubjectKeyIdentifierExtension.create(keys.publicKey, false),
    ],
  });
  const pem = `${certificate.toString('pem')}\n`;

  const makeLeaf = async (host: string): Promise<Leaf> => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const signed = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: 'CN=Gatehouse',
      issuer: certificate.subject,
      ...validity,
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
        await AuthorityKeyIdentifierExtension.create(certificate, false),
        await SubjectKeyIdentifierExtension.create(own.publicKey, false),
      ],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
    return { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: `${signed.toString('pem')}\n` };
  };

  const leaves = new Map<string, Promise<Leaf>>();
  return {
    certificate: pem,
    fingerprint: Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex'),
    notAfter: validity.notAfter,
    async leaf(host) {
      const known = leaves.get(host);
      if (known !== undefined) return await known;
      const [oldest] = leaves.keys();
      if (leaves.size >= mostLeaves && oldest !== undefined) leaves.delete(oldest);
      const made = makeLeaf(host);
      leaves.set(host, made);
      made.catch(() => leaves.delete(host));
      return await made;
    },
  };
};
