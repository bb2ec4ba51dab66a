import type { Host } from './host.ts';
import type { Offline } from './offline.ts';
import type { VerbContext } from './verb.ts';

/** Asks the running host, or, when none runs, reads the data directory. */
export async function useOffline<T>(
  { host, world, dataDir }: VerbContext,
  ask: (host: Host) => Promise<T>,
  read: (offline: Offline) => Promise<T>,
): Promise<T> {
  if (await host.isRunning()) return ask(host);
  const offline = await world.openOffline(dataDir);
  try {
    return await read(offline);
  } finally {
    await offline.close();
  }
}
