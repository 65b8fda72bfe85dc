/** Where a column of a row of `columns` floats lies in lane order: `column_place` of shaders/common/lane_order.wgsl. */
export function columnPlace(column: number, columns: number): number {
  const quad = Math.floor(column / 4);
  return 4 * ((quad % 8) * (columns / 32) + Math.floor(quad / 8)) + (column % 4);
}

/** A row in lane order. @param row a multiple of 32 floats */
export function inLaneOrder(row: Float32Array): Float32Array<ArrayBuffer> {
  const placed = new Float32Array(row.length);
  for (const [column, value] of row.entries()) placed[columnPlace(column, row.length)] = value;
  return placed;
}
