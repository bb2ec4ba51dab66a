import type { CallReply, Denial, Execution } from './call-context.ts';

const words = {
  denied: 'Denied by rule',
  expired: 'Denied: not answered. Asked by rule',
  cancelled: 'Cancelled. Rule',
  invalid: 'Not run: refused by rule',
} as const;

/**
 * A denial, as a tool result: what, rule, why, next step. Some agents show their model only the structured part, so its reason is whole.
 */
export function denialReply({ outcome, rule, reason, nextStep, retryAfterMs }: Denial): CallReply {
  const told = `${sentence(reason)} ${nextStep}`;
  return {
    kind: 'result',
    isError: true,
    text: `${words[outcome]} ${rule}. ${told}`,
    structured: { outcome, rule, reason: told, ...(retryAfterMs === undefined ? {} : { retry_after_s: Math.ceil(retryAfterMs / 1000) }) },
  };
}

/** The gateway cannot record, so it does not act. */
export function unavailableReply(reason: string): CallReply {
  return {
    kind: 'result',
    isError: true,
    text: `Not run. ${reason}`,
    structured: { outcome: 'denied', rule: 'builtin:unavailable', reason },
  };
}

/**
 * What the tool returned, as text alone, because some agents drop the text of a result that also has a structured part. Where something has to be
 * said in a structured part, the text is in it, too.
 */
export function resultReply({ output, outcome, reason }: Execution): CallReply {
  if (outcome !== 'cancelled') {
    const left = output.structured['left_behind'];
    const structured = left === undefined ? null : { text: output.text, left_behind: left };
    return { kind: 'result', isError: output.isError, text: output.text, structured };
  }
  const told = `${reason ?? 'The call was stopped.'} What it had printed until then is in the operator’s log.`;
  return { kind: 'result', isError: true, text: `Stopped. ${told}`, structured: { outcome, rule: 'builtin:stopped', reason: told } };
}

/** A reason may be the operator's own words, or a parser's: it ends where the next sentence begins. */
const sentence = (text: string): string => (text === '' || /[.!?…]$/u.test(text.trimEnd()) ? text : `${text.trimEnd()}.`);
