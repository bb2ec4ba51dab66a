/** What the picture says beside "Gatehouse": nothing, or how many requests wait. */
export interface GateIcon {
  /** Edge of the square, in pixels. */
  readonly size: number;
  /** Requests that wait; 0 draws no badge, more than 9 draws `+`. */
  readonly waiting: number;
}

type Colour = readonly [red: number, green: number, blue: number];
/** A shape in a unit square, y downwards: whether a point lies inside. */
type Shape = (x: number, y: number) => boolean;

const tileColour: Colour = [44, 51, 62];
const gateColour: Colour = [236, 240, 245];
const badgeColour: Colour = [245, 166, 35];
const digitColour: Colour = [32, 24, 8];

/** Samples per pixel and axis. */
const samples = 4;

const within =
  (x0: number, y0: number, x1: number, y1: number): Shape =>
  (x, y) =>
    x >= x0 && x < x1 && y >= y0 && y < y1;
const anyOf =
  (...shapes: Shape[]): Shape =>
  (x, y) =>
    shapes.some((shape) => shape(x, y));

const disc =
  (cx: number, cy: number, radius: number): Shape =>
  (x, y) =>
    (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2;

function rounded(inset: number, radius: number): Shape {
  const far = 1 - inset;
  return (x, y) => {
    if (x < inset || x > far || y < inset || y > far) return false;
    const dx = Math.max(inset + radius - x, x - (far - radius), 0);
    const dy = Math.max(inset + radius - y, y - (far - radius), 0);
    return dx * dx + dy * dy <= radius * radius;
  };
}

const tile = rounded(0.02, 0.22);

/** Two posts and a lintel, and the bar across the way, held by the left post. */
const gate = anyOf(within(0.2, 0.2, 0.32, 0.82), within(0.68, 0.2, 0.8, 0.82), within(0.2, 0.2, 0.8, 0.32), within(0.32, 0.52, 0.6, 0.62));

const badge = disc(0.7, 0.7, 0.3);

/** Rows of a 3 × 5 raster for `+` (0) and the digits 1 to 9; a row's three bits are its cells from left to right. */
const digitRows: readonly (readonly number[])[] = [
  [0, 2, 7, 2, 0],
  [2, 6, 2, 2, 7],
  [7, 1, 7, 4, 7],
  [7, 1, 3, 1, 7],
  [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7],
  [7, 4, 7, 5, 7],
  [7, 1, 1, 2, 2],
  [7, 5, 7, 5, 7],
  [7, 5, 7, 1, 7],
];

function digit(waiting: number): Shape {
  const rows = digitRows[waiting > 9 ? 0 : waiting] ?? [];
  const cell = 0.085;
  const left = 0.7 - 1.5 * cell;
  const top = 0.7 - 2.5 * cell;
  return (x, y) => {
    const column = Math.floor((x - left) / cell);
    if (column < 0 || column > 2) return false;
    return ((rows[Math.floor((y - top) / cell)] ?? 0) & (4 >> column)) !== 0;
  };
}

/** Draws the icon: rows of pixels from the top, four bytes each: blue, green, red, opacity, premultiplied, as Electron's bitmaps are. */
export function drawGateIcon({ size, waiting }: GateIcon): Buffer {
  const layers: readonly (readonly [Shape, Colour])[] = [
    ...(waiting > 0
      ? ([
          [digit(waiting), digitColour],
          [badge, badgeColour],
        ] as const)
      : []),
    [gate, gateColour],
    [tile, tileColour],
  ];
  const pixels = Buffer.alloc(size * size * 4);
  for (let at = 0; at < size * size; at += 1) {
    const sum = samplePixel(at % size, Math.floor(at / size), size, layers);
    sum.forEach((value, channel) => (pixels[at * 4 + channel] = Math.round(value / samples ** 2)));
  }
  return pixels;
}

function samplePixel(column: number, row: number, size: number, layers: readonly (readonly [Shape, Colour])[]): number[] {
  const sum = [0, 0, 0, 0];
  for (let sample = 0; sample < samples ** 2; sample += 1) {
    const x = (column + ((sample % samples) + 0.5) / samples) / size;
    const y = (row + (Math.floor(sample / samples) + 0.5) / samples) / size;
    const colour = layers.find(([shape]) => shape(x, y))?.[1];
    if (colour === undefined) continue;
    const [red, green, blue] = colour;
    [blue, green, red, 255].forEach((value, channel) => (sum[channel] = (sum[channel] ?? 0) + value));
  }
  return sum;
}
