import type { TensorType } from "../../../engine/gguf/index.ts";
import { blockFormat } from "../../../engine/gguf/index.ts";
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

/** Clocks of a core for a lane's group of 32 columns and four rows of W, by what could take them. */
export interface Clocks {
  /** Its part of the memory's bandwidth, for the weights. */
  readonly memory: number;
  readonly alu: number;
  /** The first cache, by the bytes that it hands out. */
  readonly cache: number;
  /** The first cache, if it looks up a line a clock: lanes that are neighbours read x from lines of their own. */
  readonly lines: number;
}

/** Clocks of a product of `rows` rows, whose input is not normed. */
export function clocksOf(gpu: GpuNumbers, type: TensorType, rows: number, loop: InnerLoop): Clocks {
  const { bytes, elements } = blockFormat(type);
  const groupBytes = (bytes / elements) * groupColumns;
  const weightBytes = groupBytes * ownRows;
  const inputLoads = (groupColumns / 4) * rows;
  return {
    memory: weightBytes / (gpu.bandwidth / (gpu.cores * gpu.clock)),
    alu: Math.max(loop.valu / gpu.fma, (loop.valu - loop.fma) / gpu.other),
    cache: (inputLoads * 16 + weightBytes) / gpu.cacheBytes,
    // Groups lie beside each other: a load of weights goes over the lines of as many groups as there are lanes.
    lines: inputLoads + (loop.loads - inputLoads) * (groupBytes / lineBytes),
  };
}

export interface Share {
  /** Share of the memory's bandwidth at most, if the first cache is limited by lines, and if it is by bytes only. */
  readonly least: number;
  readonly most: number;
}

/** If all that takes clocks overlaps, the longest of it decides. */
export function shareOf({ memory, alu, cache, lines }: Clocks): Share {
  return {
    least: memory / Math.max(memory, alu, cache, lines),
    most: memory / Math.max(memory, alu, cache),
  };
}

/** Counts by type, then rows. */
export type Counts = Readonly<Record<string, Readonly<Record<string, InnerLoop>>>>;

/** A Markdown table: a line for each GPU and type, shares in percent. */
export function shareTable(counts: Counts): string {
  const rows = Object.keys(Object.values(counts)[0] ?? {}).map(Number);
  const titles = ["GPU", "type", ...rows.map((n) => (n === 1 ? "1 row" : `${n} rows`))];
  const lines = gpus.flatMap((gpu) =>
    Object.entries(counts).map(([type, byRows]) => {
      const shares = rows.map((n) => {
        const { least, most } = shareOf(clocksOf(gpu, type as TensorType, n, byRows[n]!));
        const [low, high] = [least, most].map((share) => (100 * share).toFixed(0));
        return low === high ? `${high} %` : `${low} to ${high} %`;
      });
      return [gpu.name, type, ...shares];
    }),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...lines.map(line)].join("\n");
}
