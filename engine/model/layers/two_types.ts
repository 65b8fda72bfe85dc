import type { Bindings, Gpu } from "../../gpu/index.ts";
import type { Slab } from "../weights.ts";

/** Past the numbers that shaders/ gives to bindings. */
const firstNumber = 10;

/**
 * WGSL that declares all that `parts` declare a second time, with names that end in _2 and bindings of their own: so a kernel decodes
 * weights of two types. What the parts use and do not declare stays what it is.
 */
export function again(parts: readonly string[]): string {
  const text = parts.join("\n");
  const declared = /^(?:@group\(\d+\) @binding\(\d+\) )?(?:fn|struct|const|var<[^>]*>) (\w+)/gm;
  const names = Array.from(text.matchAll(declared), ([, name]) => name!);
  return text
    .replace(new RegExp(`\\b(?:${names.join("|")})\\b`, "g"), "$&_2")
    .replace(/@binding\((\d+)\)/g, (_, number) => `@binding(${firstNumber + Number(number)})`);
}

/** The planes of weights that `again` has declared. */
export const secondPlanes = ({ planes }: Pick<Slab, "planes">): Bindings =>
  Object.fromEntries(Object.entries(planes).map(([name, plane]) => [`${name}_2`, plane]));

/** Whether one kernel can bind the planes of both slabs beside `others` storage buffers. */
export const canShare = ({ device }: Gpu, a: Slab, b: Slab, others: number): boolean =>
  Object.keys(a.planes).length + Object.keys(b.planes).length + others <=
  device.limits.maxStorageBuffersPerShaderStage;
