// Layers: one file for each kind of layer: its tensors, its kernels, its formula's name in NETWORK.md.
// Start at block.ts, then attention.ts, delta_net.ts, ffn.ts and experts.ts; matmul.ts records every product.
// Owns nothing: weights and workspace are handed in.
// Promise: a row's result does not depend on the rows beside it (I3).
// Must not know: sessions, text.

export { type Block, loadBlock, recordBlock } from "./block.ts";
export {
  type DeltaForm,
  deltaKernel,
  recordDeltaRule,
  recordReplay,
  ruleForm,
} from "./delta_net.ts";
export { productVersion, recordDraftHead, recordEmbedding, recordMatmul, rowsPerRead } from "./matmul.ts";
export { loadMtp, type Mtp, recordMtp } from "./mtp.ts";
export { recordNorm } from "./norm.ts";
export { type ProductVariants, variantsOf } from "./product_variants.ts";
export { ropeTable } from "./rope.ts";
