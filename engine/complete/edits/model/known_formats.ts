import type { EditFormat, EditFormatId } from "./formats.ts";
import { sweep1, sweep2 } from "./sweep.ts";
import { zeta1 } from "./zeta1.ts";
import { zeta21 } from "./zeta21.ts";

const FORMATS: Readonly<Record<EditFormatId, EditFormat>> = {
  "sweep-1": sweep1,
  "sweep-2": sweep2,
  "zeta-1": zeta1,
  "zeta-2.1": zeta21,
};

export const formatById = (id: EditFormatId): EditFormat => FORMATS[id];

// As the files and folders of published models are named, in any case. Zeta 2 has a layout of its own, which nothing here writes.
const NAMES: readonly (readonly [RegExp, EditFormatId])[] = [
  [/sweep-next-edit[-_.]v2[-_.]7b/i, "sweep-2"],
  [/sweep-next-edit[-_.](?:0\.5|1\.5)b/i, "sweep-1"],
  [/(?:^|[/_-])zeta[-_]2\.1(?!\.?\d)/i, "zeta-2.1"],
  [/(?:^|[/_-])zeta(?=$|[/.]gguf|[-_/.](?!2(?![\dB])|2\.\d|v?2[-_.]))/i, "zeta-1"],
];

/**
 * The format of an edit model by its file's name, or by the name of the folder that it is in; undefined where none is known:
 * the wrong one makes a model delete most of a file.
 */
export function formatOfModel(path: string): EditFormatId | undefined {
  const names = path.replaceAll("\\", "/").split("/").slice(-2).reverse();
  for (const name of names) {
    const found = NAMES.find(([pattern]) => pattern.test(name));
    if (found) return found[1];
  }
  return undefined;
}
