import type { TensorType } from "../../../engine/gguf/index.ts";
import { blockFormat } from "../../../engine/gguf/index.ts";
import { columnPlace } from "../../../engine/model/lane_order.ts";
import type { InnerLoop } from "./instruction_counts.ts";

/** A GPU by its makers' own numbers. */
export interface GpuNumbers {
  readonly name: string;
  /** Bytes of memory a second. */
  readonly bandwidth: number;
  /** Compute units, streaming multiprocessors, cores. */
  readonly cores: number;
  /** Clocks a second, under load. */
  readonly clock: number;
  /** Multiply-adds of a core a clock. */
  readonly fma: number;
  /** Other vector instructions of a core a clock, where they have fewer units. */
  readonly other: number;
  /** Bytes a clock from a core's first cache. */
  readonly cacheBytes: number;
  readonly source: string;
}

/** AMD's second issue a clock is left out: the compiler's code of the products has hardly any. */
const gpus: readonly GpuNumbers[] = [
  {
    name: "RX 7900 XTX",
    bandwidth: 960e9,
    cores: 96,
    clock: 2.5e9,
    fma: 64,
    other: 64,
    cacheBytes: 64,
    source: "AMD's product page; RDNA white paper",
  },
  {
    name: "RTX 3060",
    bandwidth: 360e9,
    cores: 28,
    clock: 1.777e9,
    fma: 128,
    other: 64,
    cacheBytes: 128,
    source: "NVIDIA's GA102 white paper and product page",
  },
  {
    name: "RTX 4090",
    bandwidth: 1008e9,
    cores: 128,
    clock: 2.52e9,
    fma: 128,
    other: 64,
    cacheBytes: 128,
    source: "NVIDIA's Ada white paper",
  },
  {
    name: "M2 Pro",
    bandwidth: 200e9,
    cores: 19,
    clock: 1.398e9,
    fma: 128,
    other: 128,
    cacheBytes: 64,
    source: "Apple's product page; clock and cache by philipturner/metal-benchmarks",
  },
  {
    name: "Arc 140V",
    bandwidth: 136.5e9,
    cores: 8,
    clock: 2.05e9,
    fma: 128,
    other: 128,
    cacheBytes: 64,
    source: "Intel's product page; the cache is assumed to be as AMD's",
  },
];

/** Bytes of a line of a first cache. */
const lineBytes = 128;
/** Rows of W of a lane, and columns of a group (shaders/matmul/four_rows.wgsl). */
const ownRows = 4;
const groupColumns = 32;
/** Of a row of x in the 4B, and lanes that share it: a wave of AMD, or two warps. */
const shape = { columns: 2560, lanes: 64 };

/** Where a column of a row of x lies, in floats. */
export type Order = (column: number, columns: number) => number;

/** How x lies now, and how it lay before. */
export const laneOrder: Order = columnPlace;
export const leftToRight: Order = (column) => column;

/** Lines that a load of a quad of x looks up, by lane: each lane loads the same quad of another group. */
export function linesOfInput(order: Order, { columns, lanes } = shape): number {
  let lines = 0;
  for (let quad = 0; quad < groupColumns / 4; quad++) {
    const bytes = Array.from(
      { length: lanes },
      (_, group) => 4 * order(groupColumns * group + 4 * quad, columns),
    );
    lines += new Set(bytes.map((at) => Math.floor(at / lineBytes))).size;
  }
  return lines / lanes / (groupColumns / 4);
}

/** Clocks of a core for a lane's group of 32 columns and four rows of W, by what could take them. */
export interface Clocks {
  /** Its part of the memory's bandwidth, for the weights. */
  readonly memory: number;
  readonly alu: number;
  /** The first cache, by the bytes that it hands out. */
  readonly cache: number;
  /** The first cache, if it looks up a line a clock. */
  readonly lines: number;
}

const groupBytes = (type: TensorType): number => {
  const { bytes, elements } = blockFormat(type);
  return (bytes / elements) * groupColumns;
};

const inputLoadsOf = (rows: number): number => (groupColumns / 4) * rows;

/** Lines that a lane looks up. Groups of weights lie beside each other: a load goes over the lines of as many groups as there are lanes. */
function linesOf(type: TensorType, rows: number, loop: InnerLoop, order: Order): number {
  const inputLoads = inputLoadsOf(rows);
  return inputLoads * linesOfInput(order) + (loop.loads - inputLoads) * (groupBytes(type) / lineBytes);
}

/** Clocks of a product of `rows` rows, whose input is not normed and lies in that order. */
export function clocksOf(
  gpu: GpuNumbers,
  type: TensorType,
  rows: number,
  loop: InnerLoop,
  order: Order = laneOrder,
): Clocks {
  const weightBytes = groupBytes(type) * ownRows;
  const inputLoads = inputLoadsOf(rows);
  return {
    memory: weightBytes / (gpu.bandwidth / (gpu.cores * gpu.clock)),
    alu: Math.max(loop.valu / gpu.fma, (loop.valu - loop.fma) / gpu.other),
    cache: (inputLoads * 16 + weightBytes) / gpu.cacheBytes,
    lines: linesOf(type, rows, loop, order),
  };
}

/** The share of the memory's bandwidth at most: if all that takes clocks overlaps, the longest of it decides. */
export const shareOf = ({ memory, alu, cache, lines }: Clocks): number =>
  memory / Math.max(memory, alu, cache, lines);

/** Counts by type, then rows. */
export type Counts = Readonly<Record<string, Readonly<Record<string, InnerLoop>>>>;

/** Lines of the first cache that a lane looks up for 32 columns and four rows of W: before x lay in lane order, and since then. */
export const linesTable = (counts: Counts): string =>
  table(
    ["type"],
    Object.entries(counts).map(([type, byRows]) => [
      [type],
      (rows) =>
        [leftToRight, laneOrder]
          .map((order) => linesOf(type as TensorType, rows, byRows[rows]!, order).toFixed(1))
          .join(" → "),
    ]),
    counts,
  );

/** The share of memory's bandwidth in percent, by GPU and type: before x lay in lane order, and since then. */
export const shareTable = (counts: Counts): string =>
  table(
    ["GPU", "type"],
    gpus.flatMap((gpu) =>
      Object.entries(counts).map(([type, byRows]): TableLine => {
        const share = (rows: number, order: Order) =>
          (100 * shareOf(clocksOf(gpu, type as TensorType, rows, byRows[rows]!, order))).toFixed(0);
        return [
          [gpu.name, type],
          (rows) => {
            const [before, now] = [share(rows, leftToRight), share(rows, laneOrder)];
            return before === now ? `${now} %` : `${before} → ${now} %`;
          },
        ];
      }),
    ),
    counts,
  );

/** Its first cells, and those by the number of rows of x. */
type TableLine = readonly [first: readonly string[], cell: (rows: number) => string];

/** A Markdown table with a column for each number of rows of x. */
function table(titles: readonly string[], lines: readonly TableLine[], counts: Counts): string {
  const rows = Object.keys(Object.values(counts)[0] ?? {}).map(Number);
  const head = [...titles, ...rows.map((n) => (n === 1 ? "1 row" : `${n} rows`))];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...lines.map(([first, cell]) => line([...first, ...rows.map(cell)])),
  ].join("\n");
}
