import bf16 from "../../../shaders/blocks/bf16.wgsl";
import codebook from "../../../shaders/blocks/codebook.wgsl";
import f16 from "../../../shaders/blocks/f16.wgsl";
import f32Blocks from "../../../shaders/blocks/f32.wgsl";
import fifthBits from "../../../shaders/blocks/fifth_bits.wgsl";
import iq1M from "../../../shaders/blocks/iq1_m.wgsl";
import iq1S from "../../../shaders/blocks/iq1_s.wgsl";
import iq1Values from "../../../shaders/blocks/iq1_values.wgsl";
import iq2S from "../../../shaders/blocks/iq2_s.wgsl";
import iq2Values from "../../../shaders/blocks/iq2_values.wgsl";
import iq2Xs from "../../../shaders/blocks/iq2_xs.wgsl";
import iq2Xxs from "../../../shaders/blocks/iq2_xxs.wgsl";
import iq3S from "../../../shaders/blocks/iq3_s.wgsl";
import iq3Xxs from "../../../shaders/blocks/iq3_xxs.wgsl";
import iq4Nl from "../../../shaders/blocks/iq4_nl.wgsl";
import iq4Table from "../../../shaders/blocks/iq4_table.wgsl";
import iq4Xs from "../../../shaders/blocks/iq4_xs.wgsl";
import mxfp4 from "../../../shaders/blocks/mxfp4.wgsl";
import q2K from "../../../shaders/blocks/q2_k.wgsl";
import q3K from "../../../shaders/blocks/q3_k.wgsl";
import q40 from "../../../shaders/blocks/q4_0.wgsl";
import q41 from "../../../shaders/blocks/q4_1.wgsl";
import q4K from "../../../shaders/blocks/q4_k.wgsl";
import q50 from "../../../shaders/blocks/q5_0.wgsl";
import q51 from "../../../shaders/blocks/q5_1.wgsl";
import q5K from "../../../shaders/blocks/q5_k.wgsl";
import q6K from "../../../shaders/blocks/q6_k.wgsl";
import q80 from "../../../shaders/blocks/q8_0.wgsl";
import scalePlane from "../../../shaders/blocks/scale_plane.wgsl";
import signs from "../../../shaders/blocks/signs.wgsl";
import sixBitScales from "../../../shaders/blocks/six_bit_scales.wgsl";
import tq10 from "../../../shaders/blocks/tq1_0.wgsl";
import tq20 from "../../../shaders/blocks/tq2_0.wgsl";
import type { TensorType } from "../../gguf/index.ts";

/** How each type is decoded to f32: `header(row, group)` and `quad(header, i)`, 32 weights and 4 of them. */
export const decoders: Readonly<Record<TensorType, readonly string[]>> = {
  F32: [f32Blocks],
  F16: [f16],
  BF16: [bf16],
  Q8_0: [scalePlane, q80],
  Q4_0: [scalePlane, q40],
  Q4_1: [q41],
  Q5_0: [scalePlane, fifthBits, q50],
  Q5_1: [fifthBits, q51],
  Q2_K: [q2K],
  Q3_K: [scalePlane, q3K],
  Q4_K: [sixBitScales, q4K],
  Q5_K: [sixBitScales, q5K],
  Q6_K: [scalePlane, q6K],
  IQ4_NL: [scalePlane, iq4Table, iq4Nl],
  IQ4_XS: [iq4Table, iq4Xs],
  IQ3_S: [scalePlane, codebook, signs, iq3S],
  IQ3_XXS: [scalePlane, codebook, signs, iq3Xxs],
  IQ2_S: [scalePlane, codebook, signs, iq2Values, iq2S],
  IQ2_XS: [scalePlane, codebook, signs, iq2Values, iq2Xs],
  IQ2_XXS: [scalePlane, codebook, signs, iq2Values, iq2Xxs],
  IQ1_M: [codebook, iq1Values, iq1M],
  IQ1_S: [scalePlane, codebook, iq1Values, iq1S],
  TQ1_0: [scalePlane, tq10],
  TQ2_0: [scalePlane, tq20],
  MXFP4: [mxfp4],
};
