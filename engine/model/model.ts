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

/** A model whose buffers are there, and may be recorded in plans while `upload` fills them. */
export interface AllocatedModel {
  readonly model: Model;
  /** Streams the weights to the GPU. `progress` gets bytes done and bytes in all. */
  upload(progress?: (done: number, total: number) => void): Promise<void>;
}

/**
 * Allocates the model and streams its weights to the GPU.
 * @param h what of the file is loaded; without its MTP block, say, where there is no room for it
 * @throws UserError when the file is not a model that runs here.
 */
export async function loadModel(
  gpu: Gpu,
  file: GgufFile,
  progress?: (done: number, total: number) => void,
  h?: Hyperparameters,
): Promise<Model> {
  const parameters = h ?? (await withRopeFactors(file, readHyperparameters(file)));
  const { model, upload } = allocateModel(gpu, file, parameters);
  try {
    await upload(progress);
    return model;
  } catch (error) {
    model.free();
    throw error;
  }
}

/**
 * Makes the model's buffers; what they are to hold, `upload` brings.
 * @throws UserError when the file is not a model that runs here.
 */
export function allocateModel(gpu: Gpu, file: GgufFile, h: Hyperparameters): AllocatedModel {
  const weights = new Weights(gpu, file);
  try {
    const table = weights.matrix(h.embedding, [["token_embd.weight", h.vocabulary]]);
    const embedding = scaled(table, h.multipliers?.embedding);
    const outputNorm = weights.vector("output_norm.weight", h.embedding);
    const head = scaled(
      weights.has("output.weight") ? weights.matrix(h.embedding, [["output.weight", h.vocabulary]]) : table,
      h.multipliers?.logits,
    );
    const blocks = h.fullAttention.map((full, i) => loadBlock(weights, h, i, full ? "attention" : "delta"));
    const mtp = h.mtpLayers > 0 ? loadMtp(weights, h, { embedding, head, outputNorm }) : undefined;
    const model = { h, embedding, blocks, outputNorm, head, mtp, free: () => weights.free() };
    return { model, upload: (progress) => weights.upload(progress) };
  } catch (error) {
    weights.free();
    throw error;
  }
}
