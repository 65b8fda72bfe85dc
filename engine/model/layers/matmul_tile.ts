import tileShader from "../../../shaders/matmul/matmul_tile.wgsl";
import { ceilDiv, type Gpu, u32 } from "../../gpu/index.ts";
import { maxRows } from "../step.ts";

/** How matmul_tile.wgsl cuts a product. Only `parts` shows in the bits of its sums. */
interface Tile {
  /** Rows of the pass that share a decoded weight; a multiple of 4. */
  readonly rows: number;
  /** Columns of an invocation. */
  readonly columns: number;
  /** Invocations beside each other, each with its own columns. */
  readonly lanes: number;
  /** Parts of the workgroup that share out K. */
  readonly parts: number;
}

// A narrow product (0.8B has 1024 columns) must fill a GPU too: 64 workgroups of 256 invocations here, since K is shared out
// within the workgroup, which takes no second dispatch. 32 sums in registers leave room for eight waves a SIMD on AMD and
// do not spill on Intel; x in workgroup memory takes the 16 KiB that every device has.
const gpuTile: Tile = { rows: 16, columns: 2, lanes: 32, parts: 8 };
// A CPU device loads lane by lane: 64 sums for 8 quads of x and 8 of weights. It has few threads to fill.
const cpuTile: Tile = { rows: 8, columns: 8, lanes: 16, parts: 1 };

/** The kernel of a product of the prompt path with `columns` columns: its WGSL, constants and workgroups. */
export function tiledProduct(
  gpu: Gpu,
  columns: number,
): {
  readonly shader: string;
  readonly constants: Readonly<Record<string, string>>;
  readonly grid: readonly [number, number];
} {
  const tile = gpu.software ? cpuTile : gpuTile;
  return {
    shader: tileShader,
    constants: {
      ROWS: u32(tile.rows),
      COLUMNS: u32(tile.columns),
      LANES: u32(tile.lanes),
      PARTS: u32(tile.parts),
    },
    grid: [ceilDiv(maxRows, tile.rows), ceilDiv(columns, tile.lanes * tile.columns)],
  };
}
