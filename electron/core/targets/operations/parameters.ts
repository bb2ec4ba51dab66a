import { z } from 'zod';
import { readAddress } from '../../egress/address.ts';
import { normaliseHost } from '../../egress/host-name.ts';

// SECURITY: every text begins with a letter or a digit, so that it can never be an option, and holds nothing that a shell, a pattern or a
// program's own syntax would read (F39). What is more than that is a value that the pattern of its own kind allows.

/** As docker names containers. */
export const ContainerName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'use a container’s name: letters, digits, _ . and -')
  .describe('The container’s name, as container_list shows it.');

/** A unit without its `.service`; systemd's templates have an @. */
export const ServiceName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.@-]{0,127}$/, 'use a service’s name: letters, digits, _ . @ and -')
  .describe('The service’s name, with or without .service.')
  .transform((name) => name.replace(/\.service$/, ''));

/** SECURITY: a trailing - makes apt remove the package, and a trailing + is only read that way when no package is called so (names must be known). */
export const PackageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+]$/, 'use a package’s name: lower-case letters, digits, + . and -')
  .describe('The package’s name.');

const part = '[a-z0-9]+(?:(?:\\.|_{1,2}|-{1,10})[a-z0-9]+){0,20}';
const registry =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?){0,10}(?::[0-9]{1,5})?/)?';

/** [registry/]name[:tag][@sha256:…], as docker reads it. */
export const ImageReference = z
  .string()
  .max(255)
  .regex(
    new RegExp(`^${registry}${part}(?:/${part}){0,8}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`),
    'use an image’s name such as nginx:1.27 or ghcr.io/owner/name:tag',
  )
  .describe('The image, with its tag or digest.');

/** A name in its one spelling, or an address. */
export const HostName = z
  .string()
  .max(253)
  .refine((text) => normaliseHost(text) !== null || readAddress(text) !== null, 'use a host name or an IP address, nothing else in it')
  .transform((text) => normaliseHost(text) ?? text.toLowerCase())
  .describe('A host name or an IP address.');

export const Port = z.number().int().min(1).max(65_535).describe('A port, 1 to 65535.');

/** An address, or a network in CIDR notation. */
export const AddressRange = z
  .string()
  .max(49)
  .refine((text) => isRange(text), 'use an IP address or a network such as 10.0.0.0/8')
  .describe('An IP address or a network in CIDR notation.');

const isRange = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  const bytes = readAddress(address);
  if (bytes === null || rest.length > 0) return false;
  return bits === undefined || (/^(0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= bytes.length * 8);
};

export const WebUrl = z
  .string()
  .max(2000)
  .refine((text) => isPlainUrl(text), 'use a plain http or https URL of a host, without user name, fragment or control characters')
  .describe('An http or https URL.');

/** SECURITY: one reading for everybody: what the parser would have to repair is refused. */
const isPlainUrl = (text: string): boolean => {
  if (!/^https?:\/\/[A-Za-z0-9.:[\]-]+(?:[/?][\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e%&'()*+,;=]*)?$/.test(text)) return false;
  if (!URL.canParse(text)) return false;
  const { hostname, username, password, hash } = new URL(text);
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return username === '' && password === '' && hash === '' && (normaliseHost(bare) !== null || readAddress(bare) !== null);
};

/** A path of the token's workspaces, as the file tools take it. */
export const WorkspacePath = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^-\0\n\r][^\0\n\r]*$/, 'use a path that does not begin with - and has no line breaks')
  .describe('Absolute, or relative to the token’s first workspace.');
