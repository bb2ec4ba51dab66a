const latin = /\p{Script=Latin}/u;
const lookalike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/u;

/**
 * Words that mix Latin letters with letters of an alphabet that looks like it (`pаypal.com` with a Cyrillic а), at most five.
 * The display encoder shows such letters as they are, because whole words in those alphabets are honest.
 */
export function mixedScriptWords(text: string): string[] {
  const found = new Set<string>();
  for (const word of text.split(/[\s"'`;|&<>()=]+/u)) {
    if (word.length > 1 && latin.test(word) && lookalike.test(word)) found.add(word);
    if (found.size === 5) break;
  }
  return [...found];
}
