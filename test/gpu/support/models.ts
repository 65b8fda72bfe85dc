import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Evaluator } from "../../../engine/generate/index.ts";
import { type GgufFile, openGguf, type TensorEntry, type TensorType } from "../../../engine/gguf/index.ts";
import { PlanRecorder } from "../../../engine/gpu/index.ts";
import {
  type Path,
  recordMatmul,
  recordMtp,
  stepBuffer,
  stepWords,
  tapeRows,
} from "../../../engine/model/index.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "../../reference/write_gguf.ts";
import { fromLaneOrder } from "./lane_rows.ts";
import { poison } from "./test_bed.ts";

export const fixtures = join(import.meta.dirname, "../../fixtures");
export const miniModel = join(import.meta.dirname, "../../../media/model/foretype-mini.gguf");

/** Rows of a pass, [V, T], [E, T] and [V, T]; `mtp` where the model has that block. */
export interface ModelRows {
  readonly logits: Float32Array;
  /** llama.cpp gives them only of a model with an MTP block. */
  readonly hidden?: Float32Array;
  readonly mtp?: Float32Array;
}

/** What llama.cpp makes of `ids`, computed with the f32 expansion of the model and f32 KV. */
export interface Golden {
  readonly ids: readonly number[];
  readonly rows: ModelRows;
  readonly greedy: readonly number[];
  /** The MTP block's own continuation of the first greedy token. */
  readonly draft?: { readonly first: number; readonly chain: readonly number[] };
}

interface GoldenJson {
  readonly ids: number[];
  readonly greedy: number[];
  readonly draft?: { readonly first_token: number; readonly chain: readonly { readonly token: number }[] };
}

export function readGolden(folder: string, name: string): Golden {
  const { ids, greedy, draft } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as GoldenJson;
  const floats = (kind: string) =>
    new Float32Array(new Uint8Array(readFileSync(join(folder, `${name}.${kind}.f32`))).buffer);
  const logits = floats("logits");
  if (!draft) return { ids, greedy, rows: { logits } };
  const chain = draft.chain.map(({ token }) => token);
  const rows = { logits, hidden: floats("hidden"), mtp: floats("mtp") };
  return { ids, greedy, rows, draft: { first: draft.first_token, chain } };
}

/** Runs `ids` from an empty sequence, in passes of `pieces` rows, and returns every row. */
export async function evaluate(
  evaluator: Evaluator,
  ids: readonly number[],
  kind: Path["kind"],
  pieces: readonly number[],
): Promise<ModelRows> {
  const { vocabulary, embedding } = evaluator.model.h;
  const logits = new Float32Array(ids.length * vocabulary);
  const hidden = new Float32Array(ids.length * embedding);
  const mtp = evaluator.mtp ? new Float32Array(ids.length * vocabulary) : undefined;
  evaluator.reset();
  for (const rows of pieces) {
    const first = evaluator.position;
    const logitsBuffer = evaluator.logits("all");
    await evaluator.pass(ids.slice(first, first + rows), { kind, logits: "all", mtpLogits: evaluator.mtp });
    logits.set(await evaluator.rows(logitsBuffer, rows, vocabulary), first * vocabulary);
    hidden.set(await hiddenRows(evaluator, first, rows), first * embedding);
    mtp?.set(await evaluator.rows(evaluator.logits("mtp"), rows, vocabulary), first * vocabulary);
  }
  if (evaluator.position !== ids.length)
    throw new Error(`pieces hold ${evaluator.position} of ${ids.length} ids`);
  return mtp ? { logits, hidden, mtp } : { logits, hidden };
}

/** The trunk's post-norm rows of positions `first`… that the ring still has. */
export async function hiddenRows(evaluator: Evaluator, first: number, rows: number): Promise<Float32Array> {
  const { embedding } = evaluator.model.h;
  const ring = fromLaneOrder(
    await evaluator.rows(evaluator.sequence.memory.hidden, tapeRows, embedding),
    embedding,
  );
  const found = new Float32Array(rows * embedding);
  for (let t = 0; t < rows; t++) {
    const at = ((first + t) % tapeRows) * embedding;
    found.set(ring.subarray(at, at + embedding), t * embedding);
  }
  return found;
}

/** Fills every buffer that a pass may read with NaNs, but for those that `reset` clears and that a pass never writes. */
export function poisonBuffers(evaluator: Evaluator): void {
  const { sequence, workspace, gpu } = evaluator;
  const { memory } = sequence;
  const { step: _, ...activations } = workspace;
  const layers = [...memory.kv, ...memory.recurrent].flatMap((layer) => (layer ? Object.values(layer) : []));
  for (const buffer of [...Object.values(activations), ...layers, memory.hidden] as unknown[]) {
    if (buffer instanceof GPUBuffer) {
      gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(poison));
    }
  }
  evaluator.reset();
}

/**
 * Drafts `count` tokens after `token`, which follows the evaluator's sequence: the first step of the MTP block pairs it
 * with the trunk's last row, each later one pairs a drafted token with the block's own row before (NETWORK.md 4.3).
 */
export async function draftChain(evaluator: Evaluator, token: number, count: number): Promise<number[]> {
  const { gpu, model } = evaluator;
  const { memory } = evaluator.sequence;
  const step = stepBuffer(gpu);
  const { workspace } = evaluator;
  const { vocabulary } = model.h;
  const logits = evaluator.logits("mtp");
  const drafted: number[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const recorder = new PlanRecorder(gpu);
      const path = { kind: "rows", width: 1 } as const;
      const pass = { ...path, recorder, step, h: model.h, memory, workspace, stores: 0 };
      recordMtp(pass, model.mtp!, i === 0 ? memory.hidden : workspace.mtpHidden);
      recordMatmul(pass, model.mtp!.head, { x: workspace.mtpHidden, xRing: tapeRows, out: logits });
      const position = evaluator.position + i;
      gpu.device.queue.writeBuffer(step, 0, stepWords(position, [drafted.at(-1) ?? token]));
      evaluator.run(await recorder.finish(), { positions: position + 1, replay: 0 });
      drafted.push(argMax(await evaluator.rows(logits, 1, vocabulary)));
    }
  } finally {
    gpu.free(step);
  }
  return drafted;
}

/** The lowest index of the largest number. */
export const argMax = (row: Float32Array): number =>
  row.reduce((best, x, i) => (x > row[best]! ? i : best), 0);

/** Arg-max of each row of `size`. */
export const argMaxes = (rows: Float32Array, size: number): number[] =>
  Array.from({ length: rows.length / size }, (_, t) => argMax(rows.subarray(t * size, (t + 1) * size)));

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A folder for the files of a test; `using` it removes it. */
export async function temporaryFolder(): Promise<{
  at(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "foretype-models-"));
  return { at: (name) => join(folder, name), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

export interface ModelChanges {
  /** New values of keys; undefined drops the key. */
  readonly metadata?: Readonly<Record<string, string | number | undefined>>;
  /** What becomes of each tensor; undefined drops it. */
  readonly tensor?: (tensor: TensorSource & { readonly type: TensorType }) => TensorSource | undefined;
}

/** Writes a copy of the model with some changes: its network only, without the tokenizer. */
export async function copyModel(
  source: string,
  target: string,
  { metadata = {}, tensor = (same) => same }: ModelChanges,
) {
  await using file = await openGguf(source);
  const keys = new Map<string, unknown>([...file.metadata, ...Object.entries(metadata)]);
  const pairs = [...keys].flatMap(([key, value]): MetadataPair[] => {
    if (!key.startsWith("general.arch") && !key.startsWith("qwen35.")) return [];
    if (typeof value === "string") return [[key, "string", value]];
    if (typeof value === "number") return [[key, Number.isInteger(value) ? "u32" : "f32", value]];
    return []; // arrays of the network's keys only say what the defaults say
  });
  const tensors: TensorSource[] = [];
  for (const entry of file.tensors.values()) {
    const { name, dims, type } = entry;
    const changed = tensor({ name, dims, type: type as TensorType, bytes: await bytesOf(file, entry) });
    if (changed) tensors.push(changed);
  }
  await writeFile(target, ggufBytes({ metadata: pairs, tensors }));
}

async function bytesOf(file: GgufFile, { offset, bytes }: TensorEntry): Promise<Uint8Array> {
  const target = new Uint8Array(bytes);
  await file.read(offset, target);
  return target;
}
