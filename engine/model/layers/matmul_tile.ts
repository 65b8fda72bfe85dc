import tileShader from "../../../shaders/matmul/matmul_tile.wgsl";
import { ceilDiv, type Gpu, u32 } from "../../gpu/index.ts";
import type { PassRows } from "../pass.ts";
import { maxRows } from "../step.ts";
import type { Matrix, Slab } from "../weights.ts";
import { decoders } from "./decoders.ts";
import { joined, type Product } from "./product.ts";

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

// A narrow product (0.8B has 1024 columns) must fill a GPU too: K is shared out within the workgroup, which takes no second
// dispatch. At most 48 sums in registers leave room for eight waves a SIMD on AMD, where 64 do not; x takes the 16 KiB of
// workgroup memory that every device has. All have the same number of parts, and so the same bits.
const gpuTiles: readonly Tile[] = [
  { rows: 16, columns: 2, lanes: 32, parts: 8 }, // 64 workgroups of 256 for 1024 columns and a whole piece
  { rows: 16, columns: 3, lanes: 32, parts: 8 }, // a reading of x serves 12 multiply-adds and not 8
  { rows: 8, columns: 4, lanes: 32, parts: 8 }, // one serves 16, a decoded weight half as many; half the workgroup memory
  { rows: 8, columns: 4, lanes: 16, parts: 8 }, // the same in twice as many workgroups, of 128
];
// A CPU device loads lane by lane: 64 sums for 8 quads of x and 8 of weights. It has few threads to fill.
const cpuTile: Tile = { rows: 8, columns: 8, lanes: 16, parts: 1 };

const tilesOf = ({ software }: Gpu): readonly Tile[] => (software ? [cpuTile] : gpuTiles);

const nameOf = ({ rows, columns, lanes }: Tile): string => `${rows} × ${columns} × ${lanes}`;

/** The tiles that a device may use, by rows × columns × lanes; that of the rule first. */
export const tilesOffered = (gpu: Gpu): readonly string[] => tilesOf(gpu).map(nameOf);

/** Other ones for other tiles: what was measured with these no longer holds for them. */
export const tileTexts: readonly string[] = [tileShader, JSON.stringify(gpuTiles)];

/** Records the product for the rows of a prompt by the tile of that name. */
export function recordTiles(
  { recorder }: PassRows,
  name: string,
  { slabs }: Matrix,
  productOf: (slab: Slab) => Product,
): void {
  const { gpu } = recorder;
  const tile = tilesOf(gpu).find((it) => nameOf(it) === name);
  if (!tile) throw new Error(`there is no tile ${name}: there are ${tilesOffered(gpu).join(", ")}`);
  const constants = {
    ROWS: u32(tile.rows),
    COLUMNS: u32(tile.columns),
    LANES: u32(tile.lanes),
    PARTS: u32(tile.parts),
  };
  for (const slab of slabs) {
    const { rows, input, output } = productOf(slab);
    const kernel = joined([
      { bindings: slab.planes },
      rows,
      input,
      output,
      { constants, parts: [...decoders[slab.type], tileShader] },
    ]);
    recorder.dispatch({ name: `matmul_tile ${slab.type}`, ...kernel }, kernel.bindings, [
      ceilDiv(maxRows, tile.rows),
      ceilDiv(slab.rows, tile.lanes * tile.columns),
    ]);
  }
}
