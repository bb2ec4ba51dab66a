/** Lists in an address: `type=a,b`. */
export const readList = (value: string | undefined): string[] => (value === undefined || value === '' ? [] : value.split(','));

export const addToList = (value: string | undefined, item: string): string => [...new Set([...readList(value), item])].join(',');

export function removeFromList(value: string | undefined, item: string): string | null {
  const rest = readList(value).filter((other) => other !== item);
  return rest.length === 0 ? null : rest.join(',');
}
