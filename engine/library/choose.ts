import { UserError } from "../errors/index.ts";
import {
  isModelFile,
  isMtpFile,
  modelStem,
  quantOf,
  readPartName,
  sharedFolder,
  wholeName,
} from "../gguf/index.ts";
import { aboutBytes, type CatalogueEntry, catalogue, entriesThatFit } from "./catalogue.ts";
import type { ModelWish } from "./names.ts";

/** A file as far as choosing goes; `path` with forward slashes. */
export interface Choosable {
  readonly path: string;
  readonly bytes: number;
}

/** One model: a file, or all parts of a split one, in order. */
export interface ChoosableModel<F extends Choosable = Choosable> {
  /** Path without `.gguf` and part number. */
  readonly name: string;
  /** As written in the name, in capitals; empty where the name has none. */
  readonly quant: string;
  readonly parts: readonly F[];
  /** Parts that the names speak of and that are not there. */
  readonly missing: number;
  /** The separate MTP file (`mtp-…`) that goes with it, beside it or where all quants of the model are; one at most. */
  readonly companions: readonly F[];
  /** One of a folder `MTP/`, where no other goes with it: whoever has such a folder mostly has the block in the models too. */
  readonly spare: readonly F[];
  /** Of the parts and companions. */
  readonly bytes: number;
}

/** Memory that a model of `bytes` takes while it runs: weights, and a tenth and 512 MiB for context, states and scratch. */
export const neededBytes = (bytes: number): number => bytes * 1.1 + 2 ** 29;

/**
 * The models among files: parts joined, MTP files with the models that they belong to, projectors left out.
 * @param alone where nothing else is a model, files whose own name begins as those of MTP blocks do are models
 */
export function modelsIn<F extends Choosable>(files: readonly F[], alone = false): ChoosableModel<F>[] {
  const named = files.filter(({ path }) => isModelFile(path));
  const others = named.filter(({ path }) => !isMtpFile(path));
  const allAreModels = alone && others.length === 0;
  const groups = groupedBy(allAreModels ? named : others, ({ path }) => {
    const split = readPartName(path);
    return split ? `${split.model} in ${split.parts}` : wholeName(path);
  });
  const mtp = groupedBy(allAreModels ? [] : named.filter(({ path }) => isMtpFile(path)), modelOf);
  return [...groups.values()].map((group) => {
    const parts = group.sort((a, b) => (a.path < b.path ? -1 : 1));
    const first = parts[0]!.path;
    const quant = quantOf(first);
    const own = mtp.get(modelOf(parts[0]!)) ?? [];
    const beside = own.filter(({ path }) => !isInMtpFolder(path));
    const companions = bestMtp(beside, quant);
    const spare = companions.length > 0 ? [] : bestMtp(own, quant);
    return {
      name: wholeName(first),
      quant,
      parts,
      missing: (readPartName(first)?.parts ?? 1) - parts.length,
      companions,
      spare,
      bytes: [...parts, ...companions].reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

const isInMtpFolder = (path: string): boolean => /(?:^|\/)mtp\/[^/]*$/i.test(path);

/** What a model has in common with its MTP file. */
const modelOf = ({ path }: Choosable): string => `${sharedFolder(path)}\n${modelStem(path)}`;

function groupedBy<F>(files: readonly F[], keyOf: (file: F) => string): Map<string, F[]> {
  const groups = new Map<string, F[]>();
  for (const file of files) {
    const key = keyOf(file);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return groups;
}

/** The MTP file in the model's own quant, else the smallest. */
function bestMtp<F extends Choosable>(files: readonly F[], quant: string): readonly F[] {
  const alike = files.filter(({ path }) => quantOf(path) === quant);
  return (alike.length > 0 ? alike : files).toSorted((a, b) => a.bytes - b.bytes).slice(0, 1);
}

/** Of one model in one quant, that is there whole and in parts, the one in fewer parts. */
function distinct<F extends Choosable>(models: readonly ChoosableModel<F>[]): ChoosableModel<F>[] {
  const best = new Map<string, ChoosableModel<F>>();
  for (const model of models) {
    const key = `${modelStem(model.name)} ${model.quant}`;
    const other = best.get(key);
    const isBetter =
      !other ||
      model.missing < other.missing ||
      (model.missing === other.missing && model.parts.length < other.parts.length);
    if (isBetter) best.set(key, model);
  }
  return [...best.values()];
}

/** Without being asked, in this order: mixes of about 4.5 bits first, as they cost little quality and half the memory. */
const preferred = [
  "Q4_K_M",
  "UD-Q4_K_XL",
  "UD-Q4_K_M",
  "Q4_K_XL",
  "Q4_K_S",
  "Q4_0",
  "Q5_K_M",
  "Q6_K",
  "Q8_0",
];

/**
 * The model of a listing that was asked for. Where only a repository was named: its only one, else the first in the preferred
 * quants that fits `memoryBytes`, if that is known.
 * @throws UserError where nothing answers, or several models do; it lists them
 */
export function chooseModel<F extends Choosable>(
  files: readonly F[],
  wish: ModelWish,
  memoryBytes?: number,
): ChoosableModel<F> {
  const models = modelsIn(files, true);
  if (models.length === 0) {
    throw new UserError({
      code: "hub",
      problem: `${wish.repository} has ${files.length} files and none is a GGUF model`,
      advice: "choose a repository of GGUF files, whose name often ends in -GGUF",
    });
  }
  const chosen = wish.file
    ? byFile(models, wish)
    : wish.quant
      ? byQuant(distinct(models), wish)
      : byDefault(distinct(models), wish, memoryBytes);
  if (chosen.missing > 0) {
    const count = chosen.parts.length + chosen.missing;
    throw new UserError({
      code: "hub",
      problem: `${wish.repository} has ${chosen.parts.length} of the ${count} parts of ${chosen.name}`,
      advice: "choose another model",
    });
  }
  return chosen;
}

function byFile<F extends Choosable>(
  models: readonly ChoosableModel<F>[],
  wish: ModelWish,
): ChoosableModel<F> {
  const found = models.find(({ parts }) => parts.some(({ path }) => path === wish.file));
  if (found) return found;
  throw new UserError({
    code: "hub",
    problem: `${wish.repository} has no model ${wish.file}`,
    advice: `name one of ${listed(models.map(({ parts }) => parts[0]!.path))}`,
  });
}

function byQuant<F extends Choosable>(
  models: readonly ChoosableModel<F>[],
  wish: ModelWish,
): ChoosableModel<F> {
  const quant = wish.quant!.toUpperCase().replace(/^FP(?=16|32)/, "F");
  const exact = models.filter((model) => model.quant === quant);
  const found = exact.length > 0 ? exact : models.filter((model) => model.quant === `UD-${quant}`);
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new UserError({
      code: "hub",
      problem: `${wish.repository} has nothing in ${wish.quant}`,
      advice: `choose one of ${listed(models.map((it) => it.quant || it.name))}`,
    });
  }
  throw new UserError({
    code: "ambiguous",
    problem: `${wish.repository} has ${found.length} models in ${quant}`,
    advice: `name one of ${listed(found.map(({ parts }) => parts[0]!.path))}`,
  });
}

function byDefault<F extends Choosable>(
  models: readonly ChoosableModel<F>[],
  wish: ModelWish,
  memoryBytes = Number.POSITIVE_INFINITY,
): ChoosableModel<F> {
  if (models.length === 1) return models[0]!;
  // Two models in one quant are two different models: the user has to say which.
  const alone = preferred.flatMap((quant) => {
    const found = models.filter((model) => model.quant === quant);
    return found.length === 1 ? found : [];
  });
  const oneModel = new Set(models.map(({ name }) => modelStem(name))).size === 1;
  const fitting = alone.find(({ bytes }) => neededBytes(bytes) <= memoryBytes);
  if (oneModel && fitting) return fitting;
  const names = listed(models.map(({ parts }) => parts[0]!.path));
  const which = `name one of ${names}, as ${wish.repository}/FILE.gguf`;
  if (oneModel && alone.length > 0) {
    const least = Math.min(...alone.map(({ bytes }) => neededBytes(bytes)));
    throw new UserError({
      code: "memory",
      problem: `${wish.repository} needs ${gibibytes(least)} of GPU memory in the smallest usual quant and ${gibibytes(memoryBytes)} is there`,
      advice: `choose a smaller model, or ${which}`,
    });
  }
  throw new UserError({
    code: "ambiguous",
    problem: `${wish.repository} holds ${models.length} models`,
    advice: `${which}`,
  });
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const shown = 12; // names in a sentence

function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  return all.length > shown
    ? `${all.slice(0, shown).join(", ")} or ${all.length - shown} more`
    : all.join(", ");
}

export type Smaller<F extends Choosable = Choosable> =
  | { readonly from: "repository"; readonly model: ChoosableModel<F> }
  | { readonly from: "catalogue"; readonly entry: CatalogueEntry };

/**
 * What to take instead of a model of `bytes` that does not fit `memoryBytes`: the largest smaller model of the same
 * repository that does, if its listing is known, else the largest smaller entry of the catalogue.
 */
export function nextSmaller<F extends Choosable = Choosable>(
  bytes: number,
  memoryBytes: number,
  siblings: readonly ChoosableModel<F>[] = [],
  entries = catalogue,
): Smaller<F> | undefined {
  const model = siblings
    .filter((it) => it.bytes < bytes && neededBytes(it.bytes) <= memoryBytes)
    .sort((a, b) => b.bytes - a.bytes)[0];
  if (model) return { from: "repository", model };
  const entry = entriesThatFit(memoryBytes, entries)
    .filter((it) => aboutBytes(it) < bytes)
    .sort((a, b) => aboutBytes(b) - aboutBytes(a))[0];
  return entry && { from: "catalogue", entry };
}
