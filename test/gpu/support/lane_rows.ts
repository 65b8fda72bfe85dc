import { columnPlace } from "../../../engine/model/lane_order.ts";

/** Moves words of whole rows, and leaves those after the last one where they are. The bits of poison stay as they are. */
function moved(
  floats: Float32Array,
  columns: number,
  from: (place: number) => number,
): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(floats.slice().buffer);
  const source = words.slice();
  for (let row = 0; row + columns <= words.length; row += columns)
    for (let i = 0; i < columns; i++) words[row + i] = source[row + from(i)]!;
  return new Float32Array(words.buffer);
}

/** Rows of `columns` floats that are in lane order, as they read from left to right. */
export const fromLaneOrder = (rows: Float32Array, columns: number): Float32Array<ArrayBuffer> =>
  moved(rows, columns, (column) => columnPlace(column, columns));

/** Rows of `columns` floats, each put into lane order. */
export function toLaneOrder(rows: ArrayLike<number>, columns: number): Float32Array<ArrayBuffer> {
  const columnAt = new Uint32Array(columns);
  for (let column = 0; column < columns; column++) columnAt[columnPlace(column, columns)] = column;
  return moved(
    rows instanceof Float32Array ? rows : Float32Array.from(rows),
    columns,
    (place) => columnAt[place]!,
  );
}
