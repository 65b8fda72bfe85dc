/** What the name of a part says: `model-00002-of-00003.gguf` is part 2 of 3 of `model`. */
export interface PartName {
  readonly model: string;
  /** From 1 on. */
  readonly part: number;
  readonly parts: number;
}

/** Undefined for the name of a whole model. */
export function readPartName(name: string): PartName | undefined {
  const [, model, part, parts] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i.exec(name) ?? [];
  return model === undefined ? undefined : { model, part: Number(part), parts: Number(parts) };
}

// At the end of a name, or all of it, perhaps with a version behind: `model.q8_0.v2`, `model-i1-Q4_K_M`, `q4_k_m`.
const quantPattern =
  /(?:^|[-._](?:i1-)?)((?:UD-)?(?:I?Q\d\w*|TQ\d_\d\w*|B?F16|FP16|F(?:P)?32|MXFP4\w*|NVFP4\w*))(?:[-._]v\d+)?$/i;

/** Bits of a weight in files of that quant, about: with the scales, and the larger types of embedding and head in a mix. */
export const mixBits = {
  Q8_0: 8.5,
  Q6_K: 6.6,
  Q5_K_M: 5.7,
  "UD-Q4_K_XL": 5.1,
  Q4_K_M: 4.9,
  IQ4_XS: 4.4,
  Q3_K_M: 4,
} as const;

/** A path without `.gguf` and part number. */
export const wholeName = (path: string): string => readPartName(path)?.model ?? path.replace(/\.gguf$/i, "");

const longestQuant = 64; // characters, with a version: a name may have any length, and the pattern looks from each of its dots on

/** A name in two: what stands before its quant, and the quant, without a version; empty where it has none. */
function splitQuant(name: string): readonly [before: string, quant: string] {
  const from = Math.max(0, name.length - longestQuant);
  const match = quantPattern.exec(name.slice(from));
  return match ? [name.slice(0, from + match.index), match[1]!] : [name, ""];
}

/** The quant in a name, in capitals; empty where it has none. */
export function quantOf(path: string): string {
  const folders = wholeName(path).split(/[\\/]/);
  const own = splitQuant(folders.at(-1)!)[1] || (wholeQuant.exec(folders.at(-2) ?? "")?.[1] ?? "");
  return own.toUpperCase().replace(/^FP(?=16|32)/, "F");
}

// Some repositories have a folder for each quant.
const wholeQuant = new RegExp(quantPattern.source.replace("^|[-._](?:i1-)?", "^"), "i");

const drafter = /^(?:mtp-|(?:dflash|eagle\d*|draft)[-._])/i;

/**
 * The folder that a model and its separate MTP file share: that of the file, or the one above a folder `MTP` or of one quant's
 * files. With forward slashes; empty for a file without a folder.
 */
export function sharedFolder(path: string): string {
  const folders = path.split(/[\\/]/).slice(0, -1);
  while (folders.length > 0 && (/^mtp$/i.test(folders.at(-1)!) || wholeQuant.test(folders.at(-1)!)))
    folders.pop();
  return folders.join("/");
}

/** A name without folder, part number, quant and what a drafter's begins with: a model and its MTP block may be quantised differently. */
export const modelStem = (path: string): string =>
  splitQuant(baseName(wholeName(path)))[0]
    .replace(drafter, "")
    .toLowerCase();

/** What drafts for a model of that stem: a separate MTP block, or a drafter of another kind. */
export const isDrafterFile = (path: string): boolean => /\.gguf$/i.test(path) && drafter.test(baseName(path));

/** A separate MTP block (NETWORK.md 2.7). */
export const isMtpFile = (path: string): boolean => /^mtp-.*\.gguf$/i.test(baseName(path));

/**
 * A model by its name, or a separate MTP block: not a projector, an importance matrix, an adapter or a drafter of another
 * kind, which lie in the same folders.
 */
export const isModelFile = (path: string): boolean =>
  /\.gguf$/i.test(path) &&
  !/(?:^|[-._])(?:mmproj|imatrix|lora|adapter)(?:[-._]|$)/i.test(baseName(path)) &&
  (isMtpFile(path) || !drafter.test(baseName(path)));

/** Paths of the Hub have forward slashes on every system. */
const baseName = (path: string): string => path.replace(/^.*[\\/]/, "");
