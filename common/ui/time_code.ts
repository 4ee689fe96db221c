// The time-code bar of the test channel, read from the pixels of a decoded
// picture (QOE.md §5). The layout is told in common/signal/time_code.hpp; the
// tests hold the two readers to the same pictures.
const kColumns = 32;
const kRows = 3;
const kCells = kColumns * kRows;
const kHeightDivisor = 10;
const kLeastContrast = 40;
const kVersion = 1;

export interface TimeCode {
  picture: number; // modulo 2^32
  utcMs: number;
}

/** Pixels as a canvas gives them (RGBA), or any plane whose brightness is every `step`-th byte. */
export interface Pixels {
  data: ArrayLike<number>;
  width: number;
  height: number;
  step?: number; // bytes a pixel: 4 unless told
}

function brightness(pixels: Pixels, column: number, row: number): number {
  const { data, width, height, step = 4 } = pixels;
  const bar = Math.floor(height / kHeightDivisor);
  const left = Math.floor((width * column) / kColumns);
  const right = Math.floor((width * (column + 1)) / kColumns);
  const top = Math.floor((bar * row) / kRows);
  const bottom = Math.floor((bar * (row + 1)) / kRows);
  const marginX = Math.floor((right - left) / 4);
  const marginY = Math.floor((bottom - top) / 4);
  let sum = 0;
  let count = 0;
  for (let y = top + marginY; y < bottom - marginY; y++)
    // The bar is black and white: of RGBA, green is brightness enough.
    for (let x = left + marginX; x < right - marginX; x++, count++) sum += data[(y * width + x) * step + (step > 1 ? 1 : 0)] ?? 0;
  return count === 0 ? 0 : sum / count;
}

function crc16(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** `count` bits as a number; 42 of them do not fit the integers of bit operators. */
function take(cells: readonly boolean[], from: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 2 + (cells[from + i] ? 1 : 0);
  return value;
}

function bytesOf(value: number, count: number): number[] {
  const bytes: number[] = [];
  for (let i = count - 1; i >= 0; i--) bytes.push(Math.floor(value / 2 ** (8 * i)) % 256);
  return bytes;
}

/** Null when there is no whole bar in the picture. */
export function readTimeCode(pixels: Pixels): TimeCode | null {
  if (pixels.width < kColumns || pixels.height < kRows * kHeightDivisor) return null;
  const levels: number[] = [];
  for (let i = 0; i < kCells; i++) levels.push(brightness(pixels, i % kColumns, Math.floor(i / kColumns)));
  const both = (a: number, b: number) => ((levels[a] ?? 0) + (levels[b] ?? 0)) / 2;
  const white = both(0, kCells - 1);
  const black = both(1, kCells - 2);
  if (white - black < kLeastContrast) return null;
  const cells = levels.map((level) => level > (white + black) / 2);
  const picture = take(cells, 2, 32);
  const utcMs = take(cells, 34, 42);
  const version = take(cells, 76, 2);
  const ends = cells[0] && !cells[1] && !cells[kCells - 2] && cells[kCells - 1];
  if (!ends || version !== kVersion) return null;
  if (take(cells, 78, 16) !== crc16([...bytesOf(picture, 4), ...bytesOf(utcMs, 6), version])) return null;
  return { picture, utcMs };
}
