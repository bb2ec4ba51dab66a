import { Terminal } from '@xterm/xterm';
import { guardTerminal } from '../lib/terminal-guard.ts';

/** What one sequence came to in a terminal. */
export interface Outcome {
  /** What the terminal answered, as if somebody had typed it. */
  readonly replies: string;
  readonly title: string | null;
  readonly mouse: string;
  readonly reportsFocus: boolean;
  /** Functions of the parser that were asked to act on it: what the terminal, or an addon such as one for the clipboard, would obey. */
  readonly reached: readonly string[];
}

declare global {
  interface Window {
    tryTerminal?: (text: string, isGuarded: boolean) => Promise<Outcome>;
  }
}

const finals = ['c', 'h', 'l', 'n', 'p', 'q', 's', 't', 'u', 'x'];
const prefixes = ['', '?', '>', '='];
const intermediates = ['', '$', '"', ' ', "'", '+'];

/** Watches every function that a sequence of the corpus could be for. They say no, so that the terminal's own come next. */
const watch = (terminal: Terminal, reached: string[]): void => {
  const { parser } = terminal;
  const note = (name: string) => (): boolean => {
    reached.push(name);
    return false;
  };
  for (const id of [...Array(20).keys(), 50, 52, 104, 133, 777, 1337]) parser.registerOscHandler(id, note(`OSC ${id}`));
  for (const final of finals) {
    for (const prefix of prefixes)
      for (const between of intermediates) {
        const id = { ...(prefix === '' ? {} : { prefix }), ...(between === '' ? {} : { intermediates: between }), final };
        parser.registerCsiHandler(id, note(`CSI ${prefix}${between}${final}`));
        parser.registerDcsHandler(id, note(`DCS ${prefix}${between}${final}`));
      }
  }
  parser.registerEscHandler({ final: 'Z' }, note('ESC Z'));
};

// As open as this terminal can be made: whatever it is able to do, it does.
window.tryTerminal = async (text, isGuarded) => {
  const on = true;
  const terminal = new Terminal({
    allowProposedApi: true,
    windowOptions: {
      ...{ restoreWin: on, minimizeWin: on, setWinPosition: on, setWinSizePixels: on, raiseWin: on, lowerWin: on, refreshWin: on },
      ...{ setWinSizeChars: on, maximizeWin: on, fullscreenWin: on, getWinState: on, getWinPosition: on, getWinSizePixels: on },
      ...{ getScreenSizePixels: on, getCellSizePixels: on, getWinSizeChars: on, getScreenSizeChars: on, getIconTitle: on, getWinTitle: on },
      ...{ pushTitle: on, popTitle: on, setWinLines: on },
    },
  });
  const host = document.createElement('div');
  document.body.append(host);
  terminal.open(host);
  const reached: string[] = [];
  watch(terminal, reached);
  if (isGuarded) guardTerminal(terminal.parser);
  let replies = '';
  let title: string | null = null;
  terminal.onData((data) => (replies += data));
  terminal.onBinary((data) => (replies += data));
  terminal.onTitleChange((changed) => (title = changed));
  await new Promise<void>((resolve) => {
    terminal.write(text, resolve);
  });
  const { mouseTrackingMode, sendFocusMode } = terminal.modes;
  terminal.dispose();
  host.remove();
  return { replies, title, mouse: mouseTrackingMode, reportsFocus: sendFocusMode, reached };
};
