import type { EgressRefusal } from '../../core/ports/egress.ts';

/** What the command is told: its status, what happened, why, and what next. */
export const refusalText: Readonly<Record<EgressRefusal, { readonly status: number; readonly text: string }>> = {
  not_listed: { status: 403, text: 'this host and port are not on the list of the sandbox profile; ask the operator to add them' },
  bad_name: { status: 403, text: 'this is no host name; addresses are not dialled, use the name' },
  private_address: { status: 403, text: 'this name leads to an address of this machine, its network or no public one' },
  own_port: { status: 403, text: 'this port belongs to the gateway and is out of reach' },
  unresolvable: { status: 502, text: 'this name has no address; look for a typing error, or try later' },
  unreachable: { status: 502, text: 'no address of this host answers; try later' },
  sni_mismatch: { status: 403, text: 'the TLS server name is not the host that was asked for' },
  host_mismatch: { status: 403, text: 'the Host header is not the host that was asked for' },
  bad_request: { status: 400, text: 'only well-formed HTTP, and TLS inside CONNECT, are passed on' },
  bad_certificate: { status: 502, text: 'the certificate of this host could not be verified, so nothing was sent to it' },
  not_trusted: {
    status: 502,
    text: 'the connection was ended before a request, so that the gateway’s certificate was probably not accepted',
  },
  upgrade: { status: 403, text: 'WebSockets and other upgrades are not passed on to a host whose TLS the gateway opens' },
  too_many: { status: 429, text: 'this command made too many requests' },
};
