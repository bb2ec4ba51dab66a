import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { guardTerminal, seenInTerminal } from './terminal-guard.ts';
import { openUnderPolicy } from './terminal-styles.ts';
import { onThemeChange, terminalTheme } from './terminal-theme.ts';
import { createTypingGate } from './typing-gate.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface HostileTerminalOptions {
  readonly host: HTMLElement;
  /** Read by screen readers. */
  readonly label: string;
  /** For pipes, whose lines end without a carriage return. */
  readonly convertEol: boolean;
  readonly size: TerminalSize;
  /** Keys, while typing is on. */
  readonly onInput: (text: string) => void;
  /** A paste, while typing is on; as it lies in the clipboard. */
  readonly onPaste: (text: string) => void;
  /** The keys that leave the terminal. */
  readonly onLeave: () => void;
}

/** A terminal that shows what agents' programs print. */
export interface HostileTerminal {
  write(text: string): void;
  reset(): void;
  resize(size: TerminalSize): void;
  /** Takes the room that there is; null while it is not laid out. */
  fit(): TerminalSize | null;
  setTyping(on: boolean): void;
  /** True when pastes are to be marked as such for the program. */
  bracketsPastes(): boolean;
  dispose(): void;
}

/** Characters that wait to be parsed; a program that prints faster than the page can show is shown in part. */
const pendingLimit = 4_000_000;

const leaves = (event: KeyboardEvent): boolean => event.key === 'Escape' && event.ctrlKey && event.shiftKey;
const pastes = (event: KeyboardEvent): boolean => event.key.toLowerCase() === 'v' && (event.ctrlKey || event.metaKey) && !event.altKey;

export function createHostileTerminal(options: HostileTerminalOptions): HostileTerminal {
  const { host } = options;
  const terminal = new Terminal({
    allowProposedApi: false,
    allowTransparency: false,
    cols: options.size.columns,
    rows: options.size.rows,
    convertEol: options.convertEol,
    cursorBlink: false,
    cursorInactiveStyle: 'none',
    disableStdin: true,
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    fontSize: 12,
    linkHandler: null,
    logLevel: 'off',
    // SECURITY: text in the colour of its background would not be seen.
    minimumContrastRatio: 4.5,
    rescaleOverlappingGlyphs: true,
    screenReaderMode: true,
    scrollback: 5000,
    theme: terminalTheme(),
    windowOptions: {},
  });
  guardTerminal(terminal.parser);
  const fitting = new FitAddon();
  terminal.loadAddon(fitting);
  const dropStyles = openUnderPolicy(terminal, host);
  terminal.textarea?.setAttribute('aria-label', options.label);

  let typing = false;
  const gate = createTypingGate(host);
  terminal.attachCustomKeyEventHandler((event) => {
    if (!typing) return false;
    if (leaves(event)) {
      // Not for the inspector around it, either, which Escape closes.
      event.stopPropagation();
      if (event.type === 'keydown') options.onLeave();
      return false;
    }
    return !pastes(event);
  });
  // SECURITY: only what was typed; never what the terminal itself would answer.
  terminal.onData((text) => {
    if (typing && gate.isOpen()) options.onInput(text);
  });
  const onPaste = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (typing && event.isTrusted && text !== '') options.onPaste(text);
  };
  // While it is typed into, its keys are the program's, not the page's.
  const onKey = (event: KeyboardEvent): void => {
    if (typing) event.stopPropagation();
  };
  host.addEventListener('paste', onPaste, { capture: true });
  host.addEventListener('keydown', onKey);
  const stopTheme = onThemeChange(() => (terminal.options.theme = terminalTheme()));

  let pending = 0;
  let dropped = 0;
  const put = (text: string): void => {
    pending += text.length;
    terminal.write(text, () => (pending -= text.length));
  };
  return {
    write(text) {
      if (pending + text.length > pendingLimit) {
        dropped += text.length;
        return;
      }
      if (dropped > 0) put(`\r\n[${dropped} characters came too fast to be shown]\r\n`);
      dropped = 0;
      put(seenInTerminal(text));
    },
    reset: () => terminal.reset(),
    resize: ({ columns, rows }) => terminal.resize(columns, rows),
    fit() {
      const found = fitting.proposeDimensions();
      if (found === undefined || !(found.cols >= 2) || !(found.rows >= 2)) return null;
      const size = { columns: Math.min(found.cols, 500), rows: Math.min(found.rows, 500) };
      terminal.resize(size.columns, size.rows);
      return size;
    },
    setTyping(on) {
      typing = on;
      terminal.options.disableStdin = !on;
      terminal.options.cursorInactiveStyle = on ? 'outline' : 'none';
      if (on) terminal.focus();
      else terminal.blur();
    },
    bracketsPastes: () => terminal.modes.bracketedPasteMode,
    dispose() {
      host.removeEventListener('paste', onPaste, { capture: true });
      host.removeEventListener('keydown', onKey);
      stopTheme();
      gate.dispose();
      terminal.dispose();
      dropStyles();
    },
  };
}
