import models from "../../media/models.json" with { type: "json" };
import { mixBits } from "../gguf/index.ts";
import { type ChoosableModel, neededBytes } from "./choose.ts";

export interface CatalogueEntry {
  /** What `pull` takes, such as `qwen3.5-4b`. */
  readonly id: string;
  /** `OWNER/REPO` on the Hub. */
  readonly repository: string;
  /** As it stands in the file's name, such as `Q8_0`. Names and sizes of files come from the Hub's listing alone. */
  readonly quant: string;
  /** SPDX. */
  readonly license: string;
  readonly can: readonly ("complete" | "chat" | "draft")[];
  readonly architecture: string;
  readonly parameters: number;
  /** GPU memory that it is meant for, at least. */
  readonly memoryGiB: number;
}

/** In order of preference for completion: of those that fit, the first is the one to take. */
export const catalogue = models as readonly CatalogueEntry[];

const bits: Readonly<Record<string, number | undefined>> = mixBits;

/** Bytes of the file by parameters and quant: right to some tenths, so it is shown as "about". */
export const aboutBytes = ({ parameters, quant }: CatalogueEntry): number =>
  Math.round((parameters * (bits[quant] ?? 16)) / 8);

export const entriesThatFit = (memoryBytes: number, entries = catalogue): CatalogueEntry[] =>
  entries.filter(({ memoryGiB }) => memoryGiB * 2 ** 30 <= memoryBytes);

/** The entry to complete with on a GPU of so much memory; undefined where none fits. */
export const recommendedEntry = (memoryBytes: number, entries = catalogue): CatalogueEntry | undefined =>
  entriesThatFit(memoryBytes, entries).find(({ can }) => can.includes("complete"));

export type Smaller =
  | { readonly from: "repository"; readonly model: ChoosableModel }
  | { readonly from: "catalogue"; readonly entry: CatalogueEntry };

/**
 * What to take instead of a model of `bytes` that does not fit `memoryBytes`: the largest smaller model of the same
 * repository that does, if its listing is known, else the largest smaller entry of the catalogue.
 */
export function nextSmaller(
  bytes: number,
  memoryBytes: number,
  siblings: readonly ChoosableModel[] = [],
  entries = catalogue,
): Smaller | undefined {
  const model = siblings
    .filter((it) => it.bytes < bytes && neededBytes(it.bytes) <= memoryBytes)
    .sort((a, b) => b.bytes - a.bytes)[0];
  if (model) return { from: "repository", model };
  const entry = entriesThatFit(memoryBytes, entries)
    .filter((it) => aboutBytes(it) < bytes)
    .sort((a, b) => aboutBytes(b) - aboutBytes(a))[0];
  return entry && { from: "catalogue", entry };
}
