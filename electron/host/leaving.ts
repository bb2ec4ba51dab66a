/** What ends when the application does. */
export interface AtWork {
  /** Names of the connected agents. */
  readonly agents: readonly string[];
  readonly waiting: number;
  readonly running: number;
}

/** Of Electron's dialog.showMessageBox: what is asked. */
export interface Question {
  readonly type: 'question' | 'warning';
  readonly title: string;
  readonly message: string;
  readonly detail: string;
  readonly buttons: string[];
  readonly defaultId: number;
  readonly cancelId: number;
  readonly noLink: true;
}

const namesShown = 5;

/** What to ask before quitting; null when nothing would be lost. Button 0 quits. */
export function quitQuestion({ agents, waiting, running }: AtWork): Question | null {
  const ends = [
    ...(waiting > 0
      ? [`${counted(waiting, 'request that waits', 'requests that wait')} for you ${waiting === 1 ? 'is' : 'are'} denied.`]
      : []),
    ...(running > 0 ? [`${counted(running, 'running call', 'running calls')} ${running === 1 ? 'is' : 'are'} stopped.`] : []),
    ...(agents.length > 0 ? [`${agents.length === 1 ? 'This agent loses' : 'These agents lose'} the gateway: ${named(agents)}.`] : []),
  ];
  if (ends.length === 0) return null;
  return {
    type: 'warning',
    title: 'Quit Gatehouse',
    message: 'Quit Gatehouse?',
    detail: ends.join('\n'),
    buttons: ['Quit', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  };
}

/** Asked when the window is closed and no tray would be left to open it again. Button 0 keeps running, 1 quits, 2 does neither. */
export function closeQuestion(shortcut: string | null): Question {
  const ways = shortcut === null ? 'start Gatehouse again' : `start Gatehouse again, or press ${shortcut}`;
  return {
    type: 'question',
    title: 'Close the window',
    message: 'Keep the gateway running without this window?',
    detail: `This desktop shows no tray icons. Agents keep the gateway, and requests still appear. To open this window: ${ways}.`,
    buttons: ['Keep running', 'Quit', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function named(agents: readonly string[]): string {
  const rest = agents.length - namesShown;
  return `${agents.slice(0, namesShown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
