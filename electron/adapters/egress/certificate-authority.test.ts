import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { readDomainPattern } from '../../core/egress/domain-patterns.ts';
import type { NewCertificateAuthority } from '../../core/ports/egress.ts';
import { createCertificateAuthorities } from './certificate-authorities.ts';
import { createCertificateAuthority, type CertificateAuthority, type Leaf } from './certificate-authority.ts';

const hour = 3_600_000;

/** What a client says that trusts this authority, of a server with this certificate. */
const greet = async (authority: CertificateAuthority, leaf: Leaf, servername: string): Promise<string> => {
  const server = createServer(leaf, (socket) => socket.on('error', () => undefined).end('hello'));
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  const text = await new Promise<string>((resolve) => {
    let all = '';
    const socket = connect({ port, host: '127.0.0.1', servername, ca: authority.certificate });
    socket.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
    socket.on('error', (error: Error) => (all = error.message));
    socket.once('close', () => resolve(all));
  });
  server.close();
  return text;
};

describe('a certificate authority of a session', () => {
  it('vouches for its hosts and what is below them, each with a key of its own', async () => {
    const authority = await createCertificateAuthority(['a.test', 'b.test'], hour);
    for (const host of ['a.test', 'x.y.b.test', `${'l'.repeat(63)}.${'m'.repeat(63)}.a.test`])
      expect(await greet(authority, await authority.leaf(host), host)).toBe('hello');
    expect((await authority.leaf('a.test')).key).not.toBe((await authority.leaf('b.test')).key);
    expect(await authority.leaf('a.test')).toBe(await authority.leaf('a.test'));
  });

  it.each(['other.test', 'xa.test', 'test'])('SECURITY: is believed by nobody about %s, whatever it signs', async (host) => {
    const authority = await createCertificateAuthority(['a.test'], hour);
    expect(await greet(authority, await authority.leaf(host), host)).toMatch(/permitted subtree violation|unable to verify/i);
    expect(await greet(authority, await authority.leaf('a.test'), 'a.test')).toBe('hello');
  });

  it('is short-lived, says so in its name, and takes two hundred long names', async () => {
    const hosts = Array.from(
      { length: 200 },
      (_, index) => `${'n'.repeat(60)}.${'m'.repeat(60)}.${'l'.repeat(60)}.h${index.toString()}.test`,
    );
    const authority = await createCertificateAuthority(hosts, hour);
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toMatch(/^CN=Gatehouse session [0-9a-f]{8}$/);
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(authority.fingerprint);
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBeLessThan(2 * hour);
    const host = `x.${hosts[199] ?? ''}`;
    expect(await greet(authority, await authority.leaf(host), host)).toBe('hello');
  });

  it('keeps so many certificates and no more', async () => {
    const authority = await createCertificateAuthority(['a.test'], hour);
    const first = await authority.leaf('first.a.test');
    for (let count = 0; count < 256; count += 1) await authority.leaf(`h${count.toString()}.a.test`);
    expect(await authority.leaf('first.a.test')).not.toBe(first);
  });
});

describe('the authorities of a run', () => {
  const patterns = (...texts: string[]) => texts.map(readDomainPattern);

  it('are one for each set of hosts, told of before they are used, and made anew in time', async () => {
    const told: NewCertificateAuthority[] = [];
    let now = Date.now();
    const authorities = createCertificateAuthorities({ onCreated: (each) => Promise.resolve(void told.push(each)), now: () => now });
    const [one, same] = await Promise.all([
      authorities.for(patterns('a.test', '*.b.test')),
      authorities.for(patterns('*.b.test', 'a.test')),
    ]);
    expect(same).toBe(one);
    expect(told).toEqual([{ fingerprint: one.fingerprint, hosts: ['a.test', 'b.test'], notAfter: one.notAfter }]);
    expect((await authorities.for(patterns('a.test'))).fingerprint).not.toBe(one.fingerprint);
    now += 13 * hour;
    const next = await authorities.for(patterns('a.test', '*.b.test'));
    expect(next.fingerprint).not.toBe(one.fingerprint);
    // A job that began with the last moment of one runs for a day.
    expect(one.notAfter.getTime() - now).toBeGreaterThan(24 * hour);
    expect(told).toHaveLength(3);
  });

  it('are not used when they cannot be told of', async () => {
    let isBroken = true;
    const onCreated = async (): Promise<void> => {
      if (isBroken) throw new Error('no space');
      await Promise.resolve();
    };
    const authorities = createCertificateAuthorities({ onCreated });
    await expect(authorities.for(patterns('a.test'))).rejects.toThrow('no space');
    isBroken = false;
    expect((await authorities.for(patterns('a.test'))).fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});
