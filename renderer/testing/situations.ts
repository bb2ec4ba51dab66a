import type { WorldName } from './fake-worlds.ts';

export interface Situation {
  readonly name: string;
  readonly world: WorldName;
  readonly address: string;
}

const main = (name: string, world: WorldName, address: string): Situation => ({ name, world, address: `index.html#${address}` });

/** Every picture of the main window. */
export const mainSituations: readonly Situation[] = [
  main('home-full', 'full', '/'),
  main('home-quiet', 'quiet', '/'),
  main('home-empty', 'empty', '/'),
  main('home-wrong', 'wrong', '/'),
  main('approvals', 'full', '/approvals?state=all'),
  main('approvals-empty', 'quiet', '/approvals'),
  main('activity', 'full', '/activity'),
  main('activity-selected', 'full', '/activity?call=call_0001k3q7k3q7k3q7k3q7'),
  main('activity-hostile', 'hostile', '/activity?call=call_0001k3q7k3q7k3q7k3q7'),
  main('activity-empty', 'empty', '/activity'),
  main('activity-error', 'errors', '/activity'),
  main('terminal', 'terminal', '/activity?call=call_00p1k3q7k3q7k3q7k3q7'),
  main('terminal-replay', 'terminal', '/activity?call=call_0001k3q7k3q7k3q7k3q7&replay=1'),
  main('terminal-jobs', 'terminal', '/'),
  main('changes', 'reviewed', '/changes'),
  main('changes-held', 'reviewed', '/changes?set=chg_0002k3q7k3q7k3q7k3q7'),
  main('changes-conflict', 'reviewed', '/changes?state=open&set=chg_0003k3q7k3q7k3q7k3q7'),
  main('changes-applied', 'reviewed', '/changes?set=chg_000kk3q7k3q7k3q7k3q7'),
  main('changes-binary', 'change_unreadable', '/changes?set=chg_0004k3q7k3q7k3q7k3q7'),
  main('changes-hostile', 'change_hostile', '/changes?set=chg_0005k3q7k3q7k3q7k3q7'),
  main('changes-empty', 'empty', '/changes'),
  main('changes-error', 'errors', '/changes'),
  main('changes-home', 'reviewed', '/'),
  main('changes-call', 'reviewed', '/activity?call=call_0001k3q7k3q7k3q7k3q7'),
  main('audit', 'full', '/audit'),
  main('audit-selected', 'full', '/audit?event=1237&type=approval.requested,approval.approved'),
  main('agents', 'full', '/agents'),
  main('agents-empty', 'empty', '/agents'),
  main('agents-mint', 'full', '/agents?mint=1'),
  main('agents-connect', 'full', '/agents?connect=opencode'),
  main('policy', 'full', '/policy'),
  main('policy-wrong', 'wrong', '/policy'),
  main('policy-held', 'held', '/policy'),
  main('settings-held', 'held', '/settings'),
  main('settings', 'full', '/settings'),
  main('settings-error', 'errors', '/settings'),
];

const changeCards = (['one', 'several', 'conflict', 'unreadable', 'hostile', 'long', 'queue'] as const).map((name): Situation => ({
  name: `card-change-${name}`,
  world: `change_${name}`,
  address: 'approval.html',
}));

/** Every picture of the approval window. */
export const cardSituations: readonly Situation[] = (
  ['simple', 'publish', 'long', 'hostile', 'write', 'new_file', 'critical', 'queue', 'left', 'expired', 'truncated', 'conflict'] as const
)
  .map((name): Situation => ({ name: `card-${name}`, world: `card_${name}`, address: 'approval.html' }))
  .concat(changeCards);
