import { expect, test } from 'vitest';
import type { Topic } from '../../shared/contract/contract.ts';
import { ipcChannels } from '../../shared/contract/ipc-channels.ts';
import type { CallId } from '../../shared/domain/identity.ts';
import { createChangeBus } from '../core/change-bus.ts';
import { createLiveOutput } from '../core/live-output.ts';
import { createIpcMount, type IpcDoor, type IpcEvent, type PageContents, type SenderFrame } from './ipc-mount.ts';

const origin = 'gatehouse://console';
const call = 'call_0123456789abcdefghij' as CallId;

interface FakePage extends PageContents {
  readonly sent: unknown[][];
  fire(event: string): void;
}

function createFakePage(id: number, frame: Partial<SenderFrame> = {}): FakePage {
  const listeners = new Map<string, () => void>();
  const sent: unknown[][] = [];
  let destroyed = false;
  return {
    id,
    sent,
    mainFrame: { parent: null, origin, url: `${origin}/index.html`, ...frame },
    isDestroyed: () => destroyed,
    send: (...message) => void sent.push(message),
    once: (event, listener) => listeners.set(event, listener),
    on: (event, listener) => listeners.set(event, listener),
    fire(event) {
      if (event === 'destroyed') destroyed = true;
      listeners.get(event)?.();
    },
  };
}

function setUp(pages: FakePage[]) {
  const handlers = new Map<string, (event: IpcEvent, ...args: unknown[]) => unknown>();
  const ipc: IpcDoor = {
    handle: (channel, listener) => void handlers.set(channel, listener),
    removeHandler: (channel) => void handlers.delete(channel),
    on: (channel, listener) => handlers.set(channel, listener),
    removeAllListeners: (channel) => handlers.delete(channel),
  };
  const dispatched: unknown[][] = [];
  const refused: string[] = [];
  const bus = createChangeBus();
  const live = createLiveOutput();
  const mount = createIpcMount({
    ipc,
    bus,
    live,
    origin,
    pages: () => pages,
    dispatcher: {
      async dispatch(...args) {
        dispatched.push(args);
        return { ok: true, value: 'done' };
      },
    },
    onRefused: (why) => void refused.push(why),
  });
  mount.start();
  const from = (page: FakePage, frame: SenderFrame | null = page.mainFrame): IpcEvent => ({ sender: page, senderFrame: frame });
  return {
    mount,
    bus,
    live,
    dispatched,
    refused,
    handlers,
    invoke: async (event: IpcEvent, name: unknown, input: unknown) => await handlers.get(ipcChannels.invoke)?.(event, name, input),
    stream: (event: IpcEvent, request: unknown) => handlers.get(ipcChannels.stream)?.(event, request),
    from,
  };
}

test('a page of ours reaches the dispatcher, as the window, whatever it says it is', async () => {
  const page = createFakePage(1);
  const { invoke, from, dispatched, refused } = setUp([page]);
  expect(await invoke(from(page), 'status.get', { channel: 'gateway' })).toEqual({ ok: true, value: 'done' });
  expect(dispatched).toEqual([['status.get', { channel: 'gateway' }, { channel: 'window' }]]);
  expect(refused).toEqual([]);
});

test.each<[string, (page: FakePage, stranger: FakePage) => IpcEvent, string]>([
  ['a window that is not ours', (_page, stranger) => ({ sender: stranger, senderFrame: stranger.mainFrame }), 'not one of our windows'],
  [
    'a frame inside our page',
    (page) => ({ sender: page, senderFrame: { ...page.mainFrame, parent: page.mainFrame } }),
    'not the main frame',
  ],
  ['another top frame', (page) => ({ sender: page, senderFrame: { ...page.mainFrame } }), 'not the main frame'],
  ['a frame that is gone', (page) => ({ sender: page, senderFrame: null }), 'a frame that is gone'],
])('%s is refused, and recorded', async (_name, eventOf, why) => {
  const page = createFakePage(1);
  const { invoke, dispatched, refused, stream, live } = setUp([page]);
  const event = eventOf(page, createFakePage(2));
  expect(await invoke(event, 'approvals.approve', {})).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  live.append(call, 'secret output');
  stream(event, { open: 1, name: 'call.output', key: call });
  expect(dispatched).toEqual([]);
  expect(refused).toEqual([why, why]);
  expect((event.sender as FakePage).sent).toEqual([]);
});

test.each(['https://evil.test', 'gatehouse://console.evil', 'gatehouse://other', 'file://', 'null', ''])(
  'origin %j is refused',
  async (foreign) => {
    const page = createFakePage(1, { origin: foreign });
    const { invoke, from, dispatched, refused } = setUp([page]);
    await invoke(from(page), 'status.get', {});
    expect(dispatched).toEqual([]);
    expect(refused).toEqual(['not our origin']);
  },
);

test('changes are pushed to every page of ours, as topics only', () => {
  const pages = [createFakePage(1), createFakePage(2)];
  const { bus, mount } = setUp(pages);
  bus.changed('approvals' satisfies Topic);
  for (const page of pages) expect(page.sent).toEqual([[ipcChannels.changed, 'approvals']]);
  pages[0]!.fire('destroyed');
  mount.stop();
  bus.changed('calls');
  expect(pages[1]!.sent).toHaveLength(1);
});

test('a stream carries output until it is closed, its page navigates, or is gone', () => {
  for (const end of ['close', 'did-navigate', 'destroyed']) {
    const page = createFakePage(1);
    const { stream, from, live } = setUp([page]);
    live.append(call, 'early ');
    stream(from(page), { open: 7, name: 'call.output', key: call });
    live.append(call, 'late');
    expect(page.sent).toEqual([
      [ipcChannels.chunk, 7, 'early '],
      [ipcChannels.chunk, 7, 'late'],
    ]);
    if (end === 'close') stream(from(page), { close: 7 });
    else page.fire(end);
    live.append(call, 'after');
    expect(page.sent).toHaveLength(2);
  }
});

test('a page has at most 32 streams, and what is not a stream request is ignored', () => {
  const page = createFakePage(1);
  const { stream, from, live } = setUp([page]);
  live.append(call, 'x');
  for (const nonsense of [
    null,
    1,
    {},
    { open: 'a', name: 'call.output', key: call },
    { open: 1, name: 'other', key: call },
    { open: 1, name: 'call.output', key: '../x' },
    { close: {} },
  ]) {
    stream(from(page), nonsense);
  }
  expect(page.sent).toEqual([]);
  for (let id = 1; id <= 40; id += 1) stream(from(page), { open: id, name: 'call.output', key: call });
  expect(page.sent).toHaveLength(32);
});
