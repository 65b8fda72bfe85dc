import type { GgufFile, TensorEntry } from "../gguf/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";

/** The tensors that a model of these shapes is computed with; a file may hold others. */
export function usedTensors(file: GgufFile, h: Hyperparameters): TensorEntry[] {
  const global = /^(token_embd|output|output_norm|rope_freqs)\.weight$/;
  const inBlock = /^blk\.(\d+)\.(.*\.(weight|bias)|ssm_a)$/;
  return [...file.tensors.values()].filter(({ name }) => {
    const block = inBlock.exec(name)?.[1];
    return block === undefined ? global.test(name) : Number(block) < h.layers + h.mtpLayers;
  });
}
