/** What a paste becomes on its way to a program. */
export interface Paste {
  readonly text: string;
  /** True when it holds more than one line or a control character, and so may run something at once. */
  readonly asks: boolean;
}

// SECURITY: an escape in a paste could end the marks around it, and what follows would count as typed.
const controls = /[^\P{Cc}\n\t]/gu;

/** Line ends as Enter; controls left out. */
export function preparePaste(raw: string): Paste {
  const lines = raw.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  const text = lines.replaceAll(controls, '');
  return { text, asks: text.includes('\n') || text !== lines };
}

/** The bytes of a paste, marked as one where the program asked for that. */
export const pastedBytes = (text: string, bracketed: boolean): string => {
  const entered = text.replaceAll('\n', '\r');
  return bracketed ? `\u001B[200~${entered}\u001B[201~` : entered;
};
