import { Menu, nativeImage, Tray, type NativeImage } from 'electron';
import { drawGateIcon } from './gate-icon.ts';

export interface GateTrayDeps {
  readonly onOpen: () => void;
  readonly onShowWaiting: () => void;
  readonly onPanic: () => void;
  readonly onQuit: () => void;
}

/** The icon in the system's tray, with the number of requests that wait. */
export interface GateTray {
  start(): void;
  stop(): void;
  showWaiting(count: number): void;
}

const trayPixels = 22;

export function createGateTray(deps: GateTrayDeps): GateTray {
  let tray: Tray | null = null;
  let shown: number | null = null;

  function showWaiting(count: number): void {
    if (tray === null || shown === count) return;
    shown = count;
    const waiting = count === 0 ? 'Nothing is waiting' : `${count} waiting for you`;
    tray.setImage(trayImage(count));
    tray.setToolTip(`Gatehouse: ${waiting.toLowerCase()}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Gatehouse', click: deps.onOpen },
        { label: waiting, enabled: count > 0, click: deps.onShowWaiting },
        { type: 'separator' },
        { label: 'Stop everything', click: deps.onPanic },
        { type: 'separator' },
        { label: 'Quit', click: deps.onQuit },
      ]),
    );
  }

  return {
    start() {
      tray = new Tray(trayImage(0));
      tray.on('click', () => ((shown ?? 0) > 0 ? deps.onShowWaiting() : deps.onOpen()));
      showWaiting(0);
    },
    stop() {
      tray?.destroy();
      tray = null;
      shown = null;
    },
    showWaiting,
  };
}

function trayImage(waiting: number): NativeImage {
  const image = nativeImage.createEmpty();
  for (const scaleFactor of [1, 2]) {
    const size = trayPixels * scaleFactor;
    const png = nativeImage.createFromBitmap(drawGateIcon({ size, waiting }), { width: size, height: size }).toPNG();
    image.addRepresentation({ scaleFactor, buffer: png, width: size, height: size });
  }
  return image;
}
