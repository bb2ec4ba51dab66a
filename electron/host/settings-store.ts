import { ipcMain } from 'electron';
import ElectronStore from 'electron-store';
import type { ConfStore, ConfStoreOptions } from '../adapters/settings/conf-settings.ts';

/** Opens settings.json with electron-store, the way that the settings adapter asks for. */
export function openElectronStore(options: ConfStoreOptions): ConfStore {
  const store = new ElectronStore({
    cwd: options.directory,
    name: options.name,
    configFileMode: options.fileMode,
    deserialize: options.deserialize,
  });
  // SECURITY: electron-store opens an IPC channel of its own, for stores in pages; ours have none, and one door is enough.
  ipcMain.removeAllListeners('electron-store-get-data');
  return store;
}
