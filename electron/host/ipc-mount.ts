import type { WireResult } from '../../shared/contract/contract.ts';
import { ipcChannels } from '../../shared/contract/ipc-channels.ts';
import { CallId } from '../../shared/domain/identity.ts';
import type { ChangeBus } from '../core/change-bus.ts';
import type { LiveOutput } from '../core/live-output.ts';
import type { Dispatcher } from '../operator/dispatcher.ts';

/** Of Electron's WebFrameMain: the frame that a message came from. */
export interface SenderFrame {
  readonly parent: unknown;
  readonly origin: string;
  readonly url: string;
}

/** Of Electron's WebContents: one of our pages. */
export interface PageContents {
  readonly id: number;
  readonly mainFrame: SenderFrame;
  isDestroyed(): boolean;
  send(channel: string, ...args: unknown[]): void;
  once(event: 'destroyed', listener: () => void): unknown;
  on(event: 'did-navigate', listener: () => void): unknown;
}

/** Of Electron's IpcMainEvent and IpcMainInvokeEvent. */
export interface IpcEvent {
  readonly sender: PageContents;
  readonly senderFrame: SenderFrame | null;
}

/** Of Electron's ipcMain. */
export interface IpcDoor {
  handle(channel: string, listener: (event: IpcEvent, ...args: unknown[]) => Promise<unknown>): void;
  removeHandler(channel: string): void;
  on(channel: string, listener: (event: IpcEvent, ...args: unknown[]) => void): unknown;
  removeAllListeners(channel: string): unknown;
}

export interface IpcMountDeps {
  readonly ipc: IpcDoor;
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  readonly bus: ChangeBus;
  readonly live: Pick<LiveOutput, 'watch'>;
  /** The pages of our own windows at this moment. */
  readonly pages: () => readonly PageContents[];
  /** The one origin that our pages have. */
  readonly origin: string;
  /** Told of every message that was not a page's of ours; the address is untrusted. */
  readonly onRefused: (why: string, address: string) => void;
}

/** The operator plane on Electron's IPC: one call, one kind of push, one kind of stream. */
export interface IpcMount {
  start(): void;
  stop(): void;
}

/** Streams that one page may have open at once. */
const maxStreams = 32;

const refusal: WireResult = { ok: false, error: { code: 'forbidden', message: 'Only the windows of Gatehouse may ask this.' } };

export function createIpcMount(deps: IpcMountDeps): IpcMount {
  const streams = new Map<PageContents, Map<number, () => void>>();
  let unsubscribe: (() => void) | null = null;

  function isTrusted(event: IpcEvent): boolean {
    const why = whyForeign(event, deps.pages(), deps.origin);
    if (why !== null) deps.onRefused(why, (event.senderFrame?.url ?? '').slice(0, 200));
    return why === null;
  }

  function streamsOf(page: PageContents): Map<number, () => void> {
    const known = streams.get(page);
    if (known !== undefined) return known;
    const fresh = new Map<number, () => void>();
    streams.set(page, fresh);
    const closeAll = (): void => {
      for (const close of fresh.values()) close();
      fresh.clear();
    };
    page.on('did-navigate', closeAll);
    page.once('destroyed', () => {
      closeAll();
      streams.delete(page);
    });
    return fresh;
  }

  function takeStreamRequest(page: PageContents, request: unknown): void {
    const open = streamsOf(page);
    const wanted = readStreamRequest(request);
    if (wanted === null) return;
    if (wanted.kind === 'close') {
      open.get(wanted.id)?.();
      open.delete(wanted.id);
      return;
    }
    if (open.has(wanted.id) || open.size >= maxStreams) return;
    const push = (chunk: string): void => {
      if (!page.isDestroyed()) page.send(ipcChannels.chunk, wanted.id, chunk);
    };
    open.set(wanted.id, deps.live.watch(wanted.call, push));
  }

  return {
    start() {
      deps.ipc.handle(ipcChannels.invoke, async (event, name, input) =>
        isTrusted(event) ? await deps.dispatcher.dispatch(name, input, { channel: 'window' }) : refusal,
      );
      deps.ipc.on(ipcChannels.stream, (event, request) => {
        if (isTrusted(event)) takeStreamRequest(event.sender, request);
      });
      unsubscribe = deps.bus.subscribe((topic) => {
        for (const page of deps.pages()) if (!page.isDestroyed()) page.send(ipcChannels.changed, topic);
      });
    },

    stop() {
      deps.ipc.removeHandler(ipcChannels.invoke);
      deps.ipc.removeAllListeners(ipcChannels.stream);
      unsubscribe?.();
      unsubscribe = null;
      for (const open of streams.values()) for (const close of open.values()) close();
      streams.clear();
    },
  };
}

/** SECURITY: a message counts only from the main frame of a window that we opened, while it shows a page of ours. Null when it does. */
function whyForeign(event: IpcEvent, pages: readonly PageContents[], origin: string): string | null {
  if (!pages.includes(event.sender)) return 'not one of our windows';
  const frame = event.senderFrame;
  if (frame === null) return 'a frame that is gone';
  if (frame.parent !== null || frame !== event.sender.mainFrame) return 'not the main frame';
  return frame.origin === origin ? null : 'not our origin';
}

type StreamRequest =
  { readonly kind: 'open'; readonly id: number; readonly call: CallId } | { readonly kind: 'close'; readonly id: number };

function readStreamRequest(request: unknown): StreamRequest | null {
  if (typeof request !== 'object' || request === null) return null;
  if ('close' in request) return Number.isSafeInteger(request.close) ? { kind: 'close', id: request.close as number } : null;
  if (!('open' in request && 'name' in request && 'key' in request)) return null;
  const call = CallId.safeParse(request.key);
  if (!Number.isSafeInteger(request.open) || request.name !== 'call.output' || !call.success) return null;
  return { kind: 'open', id: request.open as number, call: call.data };
}
