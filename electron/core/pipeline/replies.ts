import type { CallReply, Denial } from './call-context.ts';
import type { Execution } from './execute-call.ts';

const words = { denied: 'Denied', expired: 'Denied: not answered', cancelled: 'Cancelled', invalid: 'Not run' } as const;

/** A denial, as a tool result: what, rule, why, next step. */
export function denialReply({ outcome, rule, reason, nextStep }: Denial): CallReply {
  return { kind: 'result', isError: true, text: `${words[outcome]}. ${reason} (rule ${rule}) ${nextStep}`, structured: { outcome, rule, reason } };
}

/** The gateway cannot record, so it does not act. */
export function unavailableReply(reason: string): CallReply {
  return { kind: 'result', isError: true, text: `Not run. ${reason}`, structured: { outcome: 'denied', rule: 'builtin:unavailable', reason } };
}

export function resultReply({ output, outcome, reason }: Execution): CallReply {
  if (outcome === 'cancelled') return { kind: 'result', isError: true, text: `Stopped. ${reason ?? ''}\n${output.text}`, structured: { ...output.structured, outcome, rule: 'builtin:stopped', reason: reason ?? '' } };
  return { kind: 'result', isError: output.isError, text: output.text, structured: output.structured };
}
