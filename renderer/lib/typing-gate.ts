/** Tells what the operator does at the keyboard from everything else that a terminal would send. */
export interface TypingGate {
  isOpen(): boolean;
  dispose(): void;
}

const doings = ['keydown', 'keypress', 'input', 'compositionend'] as const;

/**
 * Open while a key that was really pressed is handled. SECURITY: the second line behind the guard's list of questions that are not
 * answered: an answer that it does not know of comes while output is parsed, which is never while a key is handled.
 */
export function createTypingGate(host: HTMLElement): TypingGate {
  let open = 0;
  const onDoing = (event: Event): void => {
    if (!event.isTrusted) return;
    open += 1;
    // Two turns: the terminal reads the end of a composition one turn after the event.
    setTimeout(() => setTimeout(() => (open -= 1)));
  };
  for (const name of doings) host.addEventListener(name, onDoing, { capture: true });
  return {
    isOpen: () => open > 0,
    dispose() {
      for (const name of doings) host.removeEventListener(name, onDoing, { capture: true });
    },
  };
}
