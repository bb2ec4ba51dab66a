import type { EgressGate, EgressTarget, Refused } from '../../core/egress/egress-gate.ts';
import type { Dialed } from './attempts.ts';

/** Connections that one command has open to servers. */
export interface Upstreams {
  dial(target: EgressTarget, signal: AbortSignal): Promise<({ kind: 'open' } & Dialed) | Refused>;
}

/** SECURITY: one connection may carry thousands of requests at once, each of which is dialled for; the gateway's descriptors are not for one command. */
export const createUpstreams = (gate: Pick<EgressGate, 'dial'>, most: number): Upstreams => {
  let open = 0;
  return {
    async dial(target, signal) {
      if (open >= most) return { kind: 'refused', refusal: 'too_many' };
      open += 1;
      const close = (): void => void (open -= 1);
      const dialed = await gate.dial(target, signal);
      if (dialed.kind === 'open') dialed.stream.once('close', close);
      else close();
      return dialed;
    },
  };
};
