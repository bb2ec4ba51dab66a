/** A rectangle on the desktop, in device-independent pixels; as Electron's Rectangle. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const approvalWidth = 560;
export const approvalHeights = { least: 120, first: 320, most: 720 } as const;

/** Pixels between the window and the edges of the screen, and between the window and the pointer. */
const gap = 16;

/** Where the screen is high enough, the window leaves room above it: many desktops show their notifications in that corner. */
const roomAbove = { pixels: 144, fromHeight: 900 } as const;

/** The height that a page's wish comes to on this screen. */
export function approvalHeight(wanted: number, workArea: Area): number {
  const most = Math.min(approvalHeights.most, workArea.height - 2 * gap);
  return Math.round(Math.min(Math.max(wanted, approvalHeights.least), most));
}

/**
 * Where the approval window appears: near the top right of the work area.
 * SECURITY: never under the pointer, so that a click meant for what was there does not land on it (THREATS rule 16). The room is
 * reckoned with the greatest height, because the window may grow.
 */
export function approvalPosition(
  workArea: Area,
  pointer: { readonly x: number; readonly y: number },
): { readonly x: number; readonly y: number } {
  const right = workArea.x + workArea.width - approvalWidth - gap;
  const left = workArea.x + gap;
  const y = workArea.y + (workArea.height >= roomAbove.fromHeight ? roomAbove.pixels : gap);
  const isUnder = (x: number): boolean =>
    pointer.x >= x - gap && pointer.x <= x + approvalWidth + gap && pointer.y >= y - gap && pointer.y <= y + approvalHeights.most + gap;
  if (!isUnder(right)) return { x: right, y };
  const besidePointer = pointer.x - approvalWidth - 2 * gap;
  if (besidePointer >= left) return { x: besidePointer, y };
  return isUnder(left) ? { x: right, y } : { x: left, y };
}
