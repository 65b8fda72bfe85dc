import { UserError } from "../errors/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { ropeFactorsTensor } from "./rope_scaling.ts";

/**
 * The hyperparameters with the factors of the file's `rope_freqs.weight`, where it has this tensor: angles are computed
 * on the CPU, before any weight is uploaded.
 * @throws UserError when the tensor does not hold R/2 positive numbers in F32
 */
export async function withRopeFactors(file: GgufFile, h: Hyperparameters): Promise<Hyperparameters> {
  if (h.attention.ropeFactors !== "unread") return h;
  const tensor = file.tensors.get(ropeFactorsTensor)!;
  const count = h.attention.rotary / 2;
  const refuse = (what: string) =>
    new UserError({
      code: "model-unsupported",
      problem: `${file.path}: tensor ${ropeFactorsTensor} ${what}`,
      advice: "choose another file of this model",
      path: file.path,
    });
  if (tensor.type !== "F32" || tensor.dims[0] !== count || tensor.bytes !== 4 * count)
    throw refuse(`is ${tensor.type} [${tensor.dims.join(", ")}] where F32 [${count}] is needed`);
  const bytes = new Uint8Array(tensor.bytes);
  await file.read(tensor.offset, bytes);
  const ropeFactors = new Float32Array(bytes.buffer);
  if (!ropeFactors.every((factor) => factor > 0 && Number.isFinite(factor)))
    throw refuse("has an element that is not a positive number");
  return { ...h, attention: { ...h.attention, ropeFactors } };
}
