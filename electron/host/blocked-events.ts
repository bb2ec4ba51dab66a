import type { JsonObject } from '../../shared/json.ts';
import { encodeForDisplay } from '../../shared/display-encoder.ts';

/** Milliseconds between two records of the same kind: a page gone wild must not fill the log. */
const spacing = 5_000;

export interface BlockedEventsDeps {
  readonly now: () => number;
  readonly record: (data: JsonObject) => void;
}

/** Records what a window tried and was refused, each kind at most every 5 s, with the number of those in between. */
export function createBlockedEvents(deps: BlockedEventsDeps): (what: string, address: string) => void {
  const kinds = new Map<string, { at: number; coalesced: number }>();
  return (what, address) => {
    const kind = kinds.get(what);
    if (kind !== undefined && deps.now() - kind.at < spacing) {
      kind.coalesced += 1;
      return;
    }
    kinds.set(what, { at: deps.now(), coalesced: 0 });
    deps.record({ operation: `window: ${what}`, address: encodeForDisplay(address.slice(0, 200)), coalesced: kind?.coalesced ?? 0 });
  };
}
