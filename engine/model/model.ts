import { UserError } from "../errors/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { Gpu } from "../gpu/index.ts";
import { type Hyperparameters, readHyperparameters } from "./hyperparameters.ts";
import { type Block, loadBlock, loadMtp, type Mtp } from "./layers/index.ts";
import { withRopeFactors } from "./rope_factors.ts";
import { type Matrix, scaled, Weights } from "./weights.ts";

/** A model whose weights are on the GPU. */
export interface Model {
  readonly h: Hyperparameters;
  readonly embedding: Matrix;
  readonly blocks: readonly Block[];
  readonly outputNorm: GPUBuffer;
  /** The embedding table itself where the file ties them. */
  readonly head: Matrix;
  readonly mtp: Mtp | undefined;
  free(): void;
}

/** A model whose buffers are there, and may be recorded in plans while `uploadInPieces` fills them. */
export interface AllocatedModel {
  readonly model: Model;
  /**
   * Streams the weights to the GPU as it is iterated, some MiB a step. `progress` gets bytes done and bytes in all.
   * @throws UserError where a weight is no number; with the code `block-damaged` where the model runs without it
   */
  uploadInPieces(progress?: (done: number, total: number) => void): AsyncGenerator<void, void>;
}

/**
 * Allocates the model and streams its weights to the GPU.
 * @param shapes what of the file is loaded; without its MTP block, say, where there is no room for it
 * @throws UserError when the file is not a model that runs here.
 */
export async function loadModel(
  gpu: Gpu,
  file: GgufFile,
  progress?: (done: number, total: number) => void,
  shapes?: Hyperparameters,
): Promise<Model> {
  const h = shapes ?? (await withRopeFactors(file, readHyperparameters(file)));
  const { model, uploadInPieces } = allocateModel(gpu, file, h);
  try {
    for await (const _ of uploadInPieces(progress));
    return model;
  } catch (error) {
    model.free();
    throw error;
  }
}

/**
 * Makes the model's buffers; what they are to hold, `uploadInPieces` brings.
 * @throws UserError when the file is not a model that runs here.
 */
export function allocateModel(gpu: Gpu, file: GgufFile, h: Hyperparameters): AllocatedModel {
  const weights = new Weights(gpu, file);
  try {
    const model = { h, ...declare(weights, h), free: () => weights.free() };
    const isMtp = (name: string) => name.startsWith(`blk.${h.layers}.`);
    return { model, uploadInPieces: (progress) => weights.uploadInPieces(progress, isMtp) };
  } catch (error) {
    weights.free();
    throw error;
  }
}

/** The matrices of a model's blocks that whole rows are multiplied with: all but experts'. */
export function matricesOf({ blocks, mtp }: Model): Matrix[] {
  const found: Matrix[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || value instanceof Map) return;
    if ("slabs" in value) found.push(value as Matrix);
    else if (Array.isArray(value)) for (const each of value) visit(each);
    else if (
      Object.getPrototypeOf(value) === Object.prototype &&
      !("kind" in value && value.kind === "experts")
    )
      for (const each of Object.values(value)) visit(each);
  };
  visit(blocks);
  visit(mtp?.block);
  return found;
}

/** Declares all that a model is made of. */
function declare(weights: Weights, h: Hyperparameters) {
  const table = weights.table("token_embd.weight", h.embedding, h.vocabulary);
  const embedding = scaled(table, h.multipliers?.embedding);
  const outputNorm = weights.norm("output_norm.weight", h.embedding);
  const head = scaled(
    weights.has("output.weight") ? weights.table("output.weight", h.embedding, h.vocabulary) : table,
    h.multipliers?.logits,
  );
  const blocks = h.fullAttention.map((full, i) => loadBlock(weights, h, i, full ? "attention" : "delta"));
  const mtp = h.mtpLayers > 0 ? loadMtp(weights, h, { embedding, head, outputNorm }) : undefined;
  return { embedding, blocks, outputNorm, head, mtp };
}

/** Tensors that no result depends on: llama.cpp has them in files of these families too, and computes nothing with them. */
const HARMLESS = /^(?:rope_freqs|token_types)\.weight$|^blk\.\d+\.attn\.rotary_emb\.inv_freq$/;

/**
 * Checks the tensors of a file without reading one, as loading does: that each is there in its shape and in a type that can be computed with,
 * and that the model is made of all of them.
 * @throws UserError that names the first that is not
 */
export function checkTensors(file: GgufFile, h: Hyperparameters): void {
  const weights = new Weights(undefined, file);
  declare(weights, h);
  for (const name of file.tensors.keys()) {
    const block = Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0);
    // An MTP block that does not draft.
    const isLeftOut =
      block >= h.layers + h.mtpLayers && file.tensors.has(`blk.${block}.nextn.eh_proj.weight`);
    if (weights.declared.has(name) || HARMLESS.test(name) || isLeftOut) continue;
    throw new UserError({
      code: "model-unsupported",
      problem: `${file.path} has a tensor ${name}, which this version does not compute with, and without it results would differ`,
      advice: "choose another file or another model",
      path: file.path,
    });
  }
}
