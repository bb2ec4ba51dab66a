import type { IncomingMessage } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import type { ApprovalBroker } from '../core/approvals/approval-broker.ts';
import type { ChatConfig, DeciderConfig } from '../core/approvals/decider-config.ts';
import type { ShownRequests } from '../core/approvals/shown-requests.ts';
import { headerValues, type CallbackRefusal, type CallbackRoute } from './callback-door.ts';
import { readDiscord, readSlack, type Press } from './read-press.ts';
import type { Replays } from './replays.ts';
import { isDiscordSignature, isSlackSignature, timestampProblem } from './signatures.ts';

export interface TakeDeps {
  readonly broker: Pick<ApprovalBroker, 'decide'>;
  readonly config: Pick<DeciderConfig, CallbackRoute>;
  readonly shown: ShownRequests;
  readonly replays: Replays;
  readonly now: () => number;
}

/** What is answered: `said` is a sentence for the person who pressed. */
export type Taken =
  | { readonly kind: 'pong' }
  | { readonly kind: 'said'; readonly text: string; readonly isDecided: boolean; readonly press: Press | null }
  | { readonly kind: 'refused'; readonly refusal: CallbackRefusal };

const headers = {
  slack: { signature: 'x-slack-signature', timestamp: 'x-slack-request-timestamp', check: isSlackSignature, read: readSlack },
  discord: { signature: 'x-signature-ed25519', timestamp: 'x-signature-timestamp', check: isDiscordSignature, read: readDiscord },
} as const;

const refuse = (status: CallbackRefusal['status'], reason: string): Taken => ({ kind: 'refused', refusal: { status, reason } });

/** After the headers: timestamp → signature over the raw body → replay → parse → who → what was shown → the broker. */
export async function takeCallback(deps: TakeDeps, route: CallbackRoute, request: IncomingMessage, body: Uint8Array): Promise<Taken> {
  const found = await deps.config[route]();
  if (found.state !== 'ready') return refuse(503, 'This channel is not set up.');
  const { signature, timestamp, check, read } = headers[route];
  const at = headerValues(request, timestamp)[0];
  const problem = timestampProblem(at, deps.now());
  if (problem !== null || at === undefined) return refuse(401, problem ?? 'There is no readable timestamp.');
  // SECURITY: nothing of the body is looked at before its signature, over its raw bytes, has been.
  if (!check(headerValues(request, signature)[0], at, body, found.config.verifier)) return refuse(401, 'The signature is not good.');
  const callback = read(body);
  if (callback === null) return refuse(400, 'The body is not what this service sends.');
  if (callback.kind === 'ping') return { kind: 'pong' };
  if (!deps.replays.isFirst(route, at, body)) return refuse(409, 'This callback was taken before.');
  if (callback.kind === 'other') return { kind: 'said', text: 'That button is none of Gatehouse’s.', isDecided: false, press: null };
  return await decide(deps, route, found.config, callback);
}

async function decide(deps: TakeDeps, route: CallbackRoute, { approvers }: ChatConfig, press: Press): Promise<Taken> {
  const said = (text: string, isDecided = false): Taken => ({ kind: 'said', text, isDecided, press });
  // SECURITY: being in the channel is no authority; the operator names who may decide, and empty means nobody.
  if (!approvers.includes(press.user)) return said('You are not among those who may decide here.');
  const shown = deps.shown.find(route, press.id, press.digest);
  if (shown === null) return said('This request is over, or it was never shown here.');
  if (press.result === 'approved' && !shown.isApprovable)
    return said('This request could not be shown here in full. Decide in the Gatehouse window.');
  const words = press.result === 'approved' ? 'Approved' : 'Denied';
  try {
    const decided = await deps.broker.decide({
      id: shown.id,
      digest: shown.digest,
      result: press.result,
      channel: route,
      by: `${route} ${press.user}`,
      reason: `${words} in ${route === 'slack' ? 'Slack' : 'Discord'} by ${press.user}.`,
    });
    return said(
      decided.state === 'pending' ? 'Your yes is noted; another is needed.' : `${words}, by ${press.user}.`,
      decided.state !== 'pending',
    );
  } catch (error) {
    if (error instanceof AppError) return said(error.message);
    throw error;
  }
}
