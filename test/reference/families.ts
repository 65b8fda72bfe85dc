import { seededRandom } from "./random.ts";
import {
  GRANITE,
  LLAMA,
  LLAMA_MIXTURE,
  MIXTURE,
  type ModelShape,
  NEXT,
  NEXT_JOINED,
  QWEN2,
  QWEN2_STRETCHED,
  QWEN3,
  QWEN3_MIXTURE,
  type RandomType,
} from "./write_model.ts";

/** A synthetic model of one architecture, at the head geometry and in the mix of types that real files have. */
export interface FamilyCase {
  readonly name: string;
  readonly shape: ModelShape;
  readonly typeOf: (name: string) => RandomType;
}

export const familySeed = 6107;

/** The ids that every case is asked about. */
export function familyIds({ vocabulary }: ModelShape): number[] {
  const random = seededRandom(familySeed);
  return Array.from({ length: 40 }, () => Math.floor(random() * vocabulary));
}

/** As Q4_K_M mixes types; the routers, and the MTP block's, in the types of published mixtures. */
const mixed = (name: string): RandomType => {
  if (/blk\.4\.ffn_gate_inp/.test(name)) return "BF16";
  if (/ffn_gate_inp/.test(name)) return "F32";
  if (/attn_v|ffn_down|output\.weight|token_embd/.test(name)) return "Q6_K";
  if (/ssm_alpha|ssm_beta|ssm_ba|attn_k/.test(name)) return "Q8_0";
  if (/attn_q\.|_shexp/.test(name)) return "F16";
  return "Q4_K";
};
/** Types whose scales have a plane of their own, in what is taken apart. */
const joined = (name: string): RandomType => (/ssm_in|ssm_ba/.test(name) ? "Q6_K" : mixed(name));
/** Rows of 448 fit no K-quant, so files with them have other types there. */
const narrow = (name: string): RandomType => (/ffn_down/.test(name) ? "Q4_K" : "Q8_0");

export const families: readonly FamilyCase[] = [
  { name: "qwen35moe", shape: MIXTURE, typeOf: mixed },
  { name: "qwen2", shape: QWEN2, typeOf: narrow },
  { name: "qwen2 with YaRN", shape: QWEN2_STRETCHED, typeOf: narrow },
  { name: "qwen3", shape: QWEN3, typeOf: mixed },
  { name: "qwen3moe", shape: QWEN3_MIXTURE, typeOf: mixed },
  { name: "qwen3next", shape: NEXT, typeOf: mixed },
  { name: "qwen3next with ssm_in", shape: NEXT_JOINED, typeOf: joined },
  { name: "llama", shape: LLAMA, typeOf: narrow },
  { name: "llama with experts", shape: LLAMA_MIXTURE, typeOf: mixed },
  { name: "granite", shape: GRANITE, typeOf: narrow },
];
