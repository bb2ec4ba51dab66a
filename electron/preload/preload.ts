import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { Topic, WireResult } from '../../shared/contract/contract.ts';
import { ipcChannels } from '../../shared/contract/ipc-channels.ts';

let lastStream = 0;

const bridge: Bridge = {
  invoke: (name, input) => ipcRenderer.invoke(ipcChannels.invoke, name, input) as Promise<WireResult>,

  onChanged(listener) {
    const take = (_event: IpcRendererEvent, topic: Topic): void => listener(topic);
    ipcRenderer.on(ipcChannels.changed, take);
    return () => void ipcRenderer.off(ipcChannels.changed, take);
  },

  openStream(name, key, onChunk) {
    lastStream += 1;
    const id = lastStream;
    const take = (_event: IpcRendererEvent, stream: number, chunk: string): void => {
      if (stream === id) onChunk(chunk);
    };
    ipcRenderer.on(ipcChannels.chunk, take);
    ipcRenderer.send(ipcChannels.stream, { open: id, name, key });
    return () => {
      ipcRenderer.off(ipcChannels.chunk, take);
      ipcRenderer.send(ipcChannels.stream, { close: id });
    };
  },
};

// SECURITY: three functions, copied and frozen; the page gets neither ipcRenderer nor the events that carry it.
contextBridge.exposeInMainWorld('bridge', bridge);
