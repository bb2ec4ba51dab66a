import type { Endpoint } from '../egress/endpoint.ts';
import type { NamedService } from './egress.ts';

export interface Post {
  readonly endpoint: Endpoint;
  readonly reach: NamedService['reach'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** PEM certificates to trust instead of the public ones; null: the public ones. */
  readonly ca: string | null;
  /** Bytes of an answer that are read; a longer one is no answer. */
  readonly maxBytes: number;
  /** Milliseconds from the answer's headers to the end of its body. */
  readonly bodyMs: number;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
}

/** What became of one attempt. `unsent`: not a byte of the request went out, so that it can be tried again. */
export type Posted =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string | null;
      readonly contentEncoding: string | null;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'unsent' | 'failed'; readonly why: string };

/** Posts once: no redirect is followed, nothing is decompressed, nothing is tried again. Never throws. */
export interface HttpPoster {
  post(post: Post): Promise<Posted>;
}
