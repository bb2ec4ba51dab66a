import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AuditProblem } from '../../../shared/domain/audit.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { GENESIS, type ChainHead } from '../../core/audit/chain.ts';
import { createPrivateFile } from './private-files.ts';
import { reasonOf } from './sqlite-errors.ts';

const KEY_BYTES = 32;
const MAX_BREAKS = 100;
const RETRY_MS = 1_000;

export const anchorKeyPath = (dataDir: string): string => join(dataDir, 'audit.key');
export const anchorHeadPath = (dataDir: string): string => join(dataDir, 'audit.head');

const Sealed = z.strictObject({
  v: z.literal(1),
  count: z.number().int().nonnegative(),
  hash: Digest,
  /** Set by an orderly stop: then nothing may follow, while after a crash the database may be ahead. */
  closed: z.boolean(),
  /** What was wrong when the log was opened. Kept for good, or the first commit after a truncation would hide it. */
  breaks: z.array(AuditProblem),
});
const AnchorFile = Sealed.extend({ mac: Digest });

/** What the files beside the database say of its head. */
export type AnchorState =
  | { readonly kind: 'missing' }
  /** There, but damaged, or not sealed with the key that is there. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'sealed'; readonly head: ChainHead; readonly closed: boolean; readonly breaks: readonly AuditProblem[] };

/** Reads the anchor as it is on disk. Changes nothing. */
export function readAnchor(dataDir: string): AnchorState {
  if (!existsSync(anchorHeadPath(dataDir))) return { kind: 'missing' };
  try {
    const { mac, ...sealed } = AnchorFile.parse(JSON.parse(readFileSync(anchorHeadPath(dataDir), 'utf8')));
    const key = readFileSync(anchorKeyPath(dataDir));
    const isGenuine = key.length === KEY_BYTES && timingSafeEqual(Buffer.from(mac, 'hex'), seal(key, sealed));
    return isGenuine
      ? { kind: 'sealed', head: { seq: sealed.count, hash: sealed.hash }, closed: sealed.closed, breaks: sealed.breaks }
      : { kind: 'unreadable' };
  } catch {
    return { kind: 'unreadable' };
  }
}

/** What an anchor holds against a database whose newest row is `head`. `hashAt` reads the stored hash of a row. */
export function anchorProblems(state: AnchorState, head: ChainHead, hashAt: (seq: number) => Digest | null): readonly AuditProblem[] {
  if (state.kind !== 'sealed') {
    // The anchor is made before the first event: without events there may be none, with events there was one.
    return head.seq === 0 && state.kind === 'missing' ? [] : [{ seq: head.seq, kind: 'unreadable' }];
  }
  const { head: anchored, closed, breaks } = state;
  if (anchored.seq > head.seq) return [...breaks, { seq: head.seq + 1, kind: 'truncated' }];
  const hash = anchored.seq === 0 ? GENESIS.hash : hashAt(anchored.seq);
  if (hash !== anchored.hash) return [...breaks, { seq: anchored.seq, kind: 'hash_mismatch' }];
  return closed && head.seq > anchored.seq ? [...breaks, { seq: anchored.seq + 1, kind: 'hash_mismatch' }] : breaks;
}

export interface FileAnchor {
  /** Seals a newer head. At most one write is under way; heads that come meanwhile become one more. */
  advance(head: ChainHead): void;
  /** Resolves when the newest head has been written, or could not be. */
  settled(): Promise<void>;
  /** Seals the head as the last one of this run. */
  close(): Promise<void>;
}

interface Deps {
  readonly dataDir: string;
  readonly onDegraded: (reason: string | null) => void;
}

/**
 * Opens the anchor of a database at `head`, and makes it when there is none. Whatever the old anchor holds against the database is
 * sealed into the new one.
 */
export function openFileAnchor({ dataDir, onDegraded }: Deps, head: ChainHead, hashAt: (seq: number) => Digest | null): FileAnchor {
  const breaks = anchorProblems(readAnchor(dataDir), head, hashAt).slice(0, MAX_BREAKS);
  const key = readOrCreateKey(anchorKeyPath(dataDir));
  let newest = { head, closed: false };
  let sealed: typeof newest | null = null;
  let writing: Promise<void> | null = null;

  const writeAll = async (): Promise<void> => {
    while (sealed !== newest) {
      const next = newest;
      try {
        await replaceFile(anchorHeadPath(dataDir), anchorText(key, next.head, next.closed, breaks));
        sealed = next;
        onDegraded(null);
      } catch (error) {
        onDegraded(`The log's anchor cannot be written: ${reasonOf(error)}.`);
        setTimeout(() => write(newest), RETRY_MS).unref();
        break;
      }
    }
    writing = null;
  };

  const write = (newer: typeof newest): void => {
    newest = newer;
    writing ??= writeAll();
  };
  write(newest);
  return {
    advance: (newer) => write({ head: newer, closed: false }),
    settled: async () => writing ?? undefined,
    async close() {
      write({ head: newest.head, closed: true });
      await writing;
    },
  };
}

const seal = (key: Uint8Array, sealed: z.infer<typeof Sealed>): Buffer => createHmac('sha256', key).update(canonicalJson(sealed)).digest();

function anchorText(key: Uint8Array, head: ChainHead, closed: boolean, breaks: readonly AuditProblem[]): string {
  const sealed = { v: 1 as const, count: head.seq, hash: head.hash, closed, breaks: [...breaks] };
  return `${JSON.stringify({ ...sealed, mac: seal(key, sealed).toString('hex') })}\n`;
}

function readOrCreateKey(path: string): Uint8Array {
  const existing = existsSync(path) ? readFileSync(path) : null;
  if (existing?.length === KEY_BYTES) return existing;
  // What a crash left half written seals nothing.
  rmSync(path, { force: true });
  const key = randomBytes(KEY_BYTES);
  const descriptor = createPrivateFile(path);
  try {
    writeSync(descriptor, key);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return key;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(text);
    // Without this, a power cut can leave an empty file under the final name.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
