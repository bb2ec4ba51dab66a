import type { IFunctionIdentifier, IParser } from '@xterm/xterm';
import { encodeForDisplay } from '../../shared/display-encoder.ts';

type Params = readonly (number | number[])[];

/** Titles, palette and colour reports, folder, links, notifications, clipboard, shell marks, file transfers: nothing of it is for an operator who watches. */
const refusedOsc = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 46, 50, 51, 52, 99].concat([
  104, 105, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 133, 633, 777, 1337,
]);

/** What a terminal would answer (attributes, state, modes, cursor, version, size) or do to its window. */
const refusedCsi: readonly IFunctionIdentifier[] = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { prefix: '=', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
  { prefix: '>', final: 'q' },
  { final: 't' },
  { final: 'x' },
  { prefix: '?', final: 'u' },
];

/** Mouse and focus reports: with them, moving the pointer over the window would type. */
const refusedModes = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016]);

/** Repeats that the parser carries out one by one. */
const repeating: readonly IFunctionIdentifier[] = [
  ...['@', 'I', 'L', 'M', 'P', 'S', 'T', 'X', 'Z', 'b'].map((final) => ({ final })),
  ...['@', 'A'].map((final) => ({ intermediates: ' ', final })),
  ...['}', '~'].map((final) => ({ intermediates: "'", final })),
];
const mostRepeats = 2000;

const some = (params: Params, test: (value: number) => boolean): boolean => params.flat().some(test);

/**
 * SECURITY: what a program prints comes from an agent. It may move the cursor and colour its text; it may not rename the window, reach the
 * clipboard, make links, ask the terminal anything that would be answered as if the operator had typed it, or keep the page busy.
 */
export function guardTerminal(parser: IParser): void {
  const refuse = (): boolean => true;
  for (const id of refusedOsc) parser.registerOscHandler(id, refuse);
  for (const id of refusedCsi) parser.registerCsiHandler(id, refuse);
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, refuse);
  parser.registerDcsHandler({ intermediates: '+', final: 'q' }, refuse);
  parser.registerEscHandler({ final: 'Z' }, refuse);
  for (const final of ['h', 'l']) {
    parser.registerCsiHandler({ prefix: '?', final }, (params) => some(params, (mode) => refusedModes.has(mode)));
  }
  for (const id of repeating) parser.registerCsiHandler(id, (params) => some(params, (times) => times > mostRepeats));
}

// What could not be seen or would reorder its line. The controls are the terminal's to interpret; the two that only choose between a
// plain and a coloured drawing of a sign change nothing that is read.
const unseen = /(?![\uFE0E\uFE0F])[\p{Cf}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A program's output with every invisible or reordering character written out, as everywhere else in the window. */
export const seenInTerminal = (text: string): string => text.replace(unseen, (char) => encodeForDisplay(char));
