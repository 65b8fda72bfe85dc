import type { Evaluator } from "../../generate/index.ts";
import type { Dispatch, Gpu, Use } from "../../gpu/index.ts";
import { convolutionRows, type Model, tapeRows } from "../../model/index.ts";

/**
 * Bytes that a dispatch has to move, each counted once however often a cache gives it again: all that it reads of the weights, of keys and
 * values, and what it reads and writes of the recurrent state. Activations are left out: they are small, and stay in caches.
 */
export interface Traffic {
  readonly weights: number;
  readonly kv: number;
  readonly state: number;
}

export const totalOf = ({ weights, kv, state }: Traffic): number => weights + kv + state;

export const addTraffic = (a: Traffic, b: Traffic): Traffic => ({
  weights: a.weights + b.weights,
  kv: a.kv + b.kv,
  state: a.state + b.state,
});

export const noTraffic: Traffic = { weights: 0, kv: 0, state: 0 };

/** What a pass is run with. */
export interface PassSize {
  readonly rows: number;
  /** Rows that the MTP block has, where it runs. */
  readonly mtpRows: number;
  readonly use: Use;
}

type Share = (dispatch: Dispatch, access: GPUBufferBindingType, pass: PassSize) => number;
interface Known {
  readonly kind: keyof Traffic;
  /** How much of what is bound is moved. */
  readonly share: Share;
}

/** A buffer that a dispatch binds, the name of its variable, and the bytes that are bound of it. */
interface Bound {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly size: number;
}

export const boundBy = ({ buffers }: Dispatch): Bound[] =>
  Object.entries(buffers).map(([name, bound]) => ({
    name,
    buffer: "buffer" in bound ? bound.buffer : bound,
    size: bound.size,
  }));

/** Whether a buffer holds weights of the file: codebooks are of the format. */
export const isWeights = (gpu: Gpu, buffer: GPUBuffer): boolean =>
  gpu.categoryOf(buffer) === "weights" && !buffer.label.startsWith("codebook");

/** A function that tells the traffic of each dispatch of an evaluator's plans, by the buffers that it binds. */
export function trafficReader(evaluator: Evaluator): (dispatch: Dispatch, pass: PassSize) => Traffic {
  const known = knownBuffers(evaluator);
  const { gpu } = evaluator;
  const whole: Known = { kind: "weights", share: () => 1 };
  return (dispatch, pass) => {
    const traffic = { weights: 0, kv: 0, state: 0 };
    const { bindings } = dispatch.kernel;
    for (const { name, buffer, size } of boundBy(dispatch)) {
      const it = known.get(buffer) ?? (isWeights(gpu, buffer) ? whole : undefined);
      if (!it) continue;
      const { type } = bindings.find((binding) => binding.name === name)!;
      traffic[it.kind] += size * it.share(dispatch, type, pass);
    }
    return traffic;
  };
}

const isRead = (access: GPUBufferBindingType) => access === "read-only-storage";

/** Buffers of which a dispatch moves only a part. */
function knownBuffers({ model, sequence }: Evaluator): Map<GPUBuffer, Known> {
  const { memory } = sequence;
  const known = new Map<GPUBuffer, Known>();
  const add = (buffers: Iterable<GPUBuffer>, entry: Known) => {
    for (const buffer of buffers) known.set(buffer, entry);
  };
  for (const layer of memory.kv) {
    if (!layer) continue;
    add(Object.values(layer), {
      kind: "kv",
      share: (_, access, { rows, use }) => (isRead(access) ? use.positions : rows) / memory.context,
    });
  }
  const slots = memory.trailingSlot + 1;
  for (const layer of memory.recurrent) {
    if (!layer) continue;
    const ring = (more: number): Share => {
      return (_, access, { rows, use }) => (rows + (isRead(access) ? use.replay + more : 0)) / tapeRows;
    };
    // One state is read, and one is written.
    known.set(layer.slots, { kind: "state", share: (_, access) => (isRead(access) ? 1 : 2) / slots });
    known.set(layer.tape, { kind: "state", share: ring(convolutionRows) });
    known.set(layer.gates, { kind: "state", share: ring(0) });
  }
  const tables = [model.embedding, model.head, model.mtp?.embedding, model.mtp?.head];
  for (const table of tables) if (table) add(planesOf(table), { kind: "weights", share: rowsOfTable(model) });
  for (const buffer of expertBuffers(model)) {
    const { count, used } = model.h.experts!;
    // With several rows: as many experts as they could choose.
    const share: Share = (_, _access, { rows }) => Math.min(count, used * rows) / count;
    known.set(buffer, { kind: "weights", share });
  }
  return known;
}

/** Of an embedding a row for each token, of the draft head the rows of its ids, of a head all. */
function rowsOfTable({ h }: Model): Share {
  return ({ kernel, part, buffers }, _, { rows, mtpRows }) => {
    const { ids } = buffers;
    if (ids) return Math.min(1, ids.size / 4 / h.vocabulary);
    if (kernel.name.startsWith("embedding")) return (part === "mtp" ? mtpRows : rows) / h.vocabulary;
    return 1;
  };
}

type Matrix = Model["head"];

const planesOf = ({ slabs }: Matrix): GPUBuffer[] =>
  slabs.flatMap(({ planes }) => [planes.words, ...(planes.scales ? [planes.scales] : [])]);

function expertBuffers({ blocks, mtp }: Model): GPUBuffer[] {
  return [...blocks, ...(mtp ? [mtp.block] : [])].flatMap(({ ffn }) =>
    ffn.kind === "experts" ? [...ffn.gateUp, ffn.down].flatMap(planesOf) : [],
  );
}
