import type { Topic, WireResult } from './contract.ts';

/**
 * What the page may reach, in Electron (`window.bridge`, from the preload) and in the browser (over fetch and SSE) alike.
 * `openStream` carries bytes that are not worth refetching, such as a command's live output; it returns a function that closes it.
 */
export interface Bridge {
  invoke(name: string, input: unknown): Promise<WireResult>;
  onChanged(listener: (topic: Topic) => void): () => void;
  openStream(name: 'call.output', key: string, onChunk: (chunk: string) => void): () => void;
}
