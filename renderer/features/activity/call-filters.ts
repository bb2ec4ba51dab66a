import { CallOutcome, type CallRecord, VerdictEffect } from '../../../shared/domain/call.ts';
import { callGist } from '../../lib/call-gist.ts';
import type { AddressSearch } from '../../lib/address.ts';

/** What narrows the list beyond what the gateway filters itself. */
export function matches(call: CallRecord, search: AddressSearch): boolean {
  const { verdict, outcome, tool, text } = search;
  if (verdict !== undefined && call.verdict?.effect !== verdict) return false;
  if (outcome !== undefined && (call.state === 'finished' ? call.outcome : call.state) !== outcome) return false;
  if (tool !== undefined && call.tool !== tool) return false;
  if (text === undefined || text === '') return true;
  const wanted = text.toLowerCase();
  return [call.agent, call.tool, callGist(call.arguments), call.verdict?.rule ?? ''].some((part) => part.toLowerCase().includes(wanted));
}

export const outcomeNames: Readonly<Record<string, string>> = {
  waiting: 'Waiting',
  running: 'Running',
  ...Object.fromEntries(CallOutcome.options.map((outcome) => [outcome, outcome.replace('_', ' ')])),
};

export const verdictNames: Readonly<Record<string, string>> = Object.fromEntries(VerdictEffect.options.map((effect) => [effect, effect]));

/** What may stand in a menu: names that occur, sorted. */
export const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort((a, b) => a.localeCompare(b));
