import type { GgufFile, TensorEntry } from "../gguf/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { ropeFactorsTensor } from "./rope_scaling.ts";

/** The tensors that a model of these shapes is computed with; a file may hold others. */
export function usedTensors(file: GgufFile, h: Hyperparameters): TensorEntry[] {
  const global = /^(token_embd|output|output_norm)\.weight$/;
  const inBlock = /^blk\.(\d+)\.(.*\.(weight|bias)|ssm_a)$/;
  return [...file.tensors.values()].filter(({ name }) => {
    if (name === ropeFactorsTensor) return h.attention.ropeFactors !== undefined;
    const block = inBlock.exec(name)?.[1];
    return block === undefined ? global.test(name) : Number(block) < h.layers + h.mtpLayers;
  });
}
