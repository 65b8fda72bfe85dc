// Families: what sets one architecture apart, a file of a few lines each.
// Start at family.ts.
// Owns the names of architectures that run.
// Promise: a family is data; layers read it and never ask for an architecture's name.
// Must not know: weights, the GPU.
export type { ExpertsShape, Family, Keys, Mixers, Multipliers } from "./family.ts";
export { granite, llama } from "./llama.ts";
export { qwen2 } from "./qwen2.ts";
export { qwen3, qwen3moe } from "./qwen3.ts";
export { qwen3next, qwen35, qwen35moe } from "./qwen35.ts";
