import repackShader from "../../shaders/matmul/repack.wgsl";
import plainShader from "../../shaders/matmul/repack_plain.wgsl";
import q6KShader from "../../shaders/matmul/repack_q6_k.wgsl";
import { blockFormat, type CodebookType, type TensorType } from "../gguf/index.ts";
import { type KernelSource, structOf, u32 } from "../gpu/index.ts";

/** Bytes of a block's scale that stand in the way of whole words: an f16, or MXFP4's exponent; 0 where blocks are whole words. */
export const scaleBytes = (type: TensorType): number =>
  blockFormat(type).elements > 1 ? blockFormat(type).bytes % 4 : 0;

/** Blocks that are no whole words are split into aligned words and a plane of scales. */
export const isRepacked = (type: TensorType): boolean => scaleBytes(type) > 0;

/** Blocks whose scales share a word: slabs and pieces start at a multiple of this. */
export const blocksPerScaleWord = (type: TensorType): number => 4 / (scaleBytes(type) || 2);

export const pieceLayout = structOf([repackShader], "Piece");

export const repackKernel = (type: TensorType): KernelSource => ({
  name: `repack ${type}`,
  parts: [repackShader, type === "Q6_K" ? q6KShader : plainShader],
  constants: {
    BLOCK: u32(blockFormat(type).bytes),
    SCALE: u32(blockFormat(type).scales[0]!),
    SCALE_BYTES: u32(scaleBytes(type)),
  },
});

/** The codebook of a type that looks weights up in one. */
export const codebookOf = (type: TensorType): CodebookType | undefined => {
  switch (type) {
    case "IQ1_M":
      return "IQ1_S";
    case "IQ1_S":
    case "IQ2_S":
    case "IQ2_XS":
    case "IQ2_XXS":
    case "IQ3_S":
    case "IQ3_XXS":
      return type;
    default:
      return undefined;
  }
};
