import models from "../../media/models.json" with { type: "json" };
import { mixBits } from "../gguf/index.ts";

export interface CatalogueEntry {
  /** What `pull` takes, such as `qwen3.5-4b`. */
  readonly id: string;
  /** `OWNER/REPO` on the Hub. */
  readonly repository: string;
  /** As written in the file's name, such as `Q8_0`. Names and sizes of files come from the Hub's listing alone. */
  readonly quant: string;
  /** SPDX. */
  readonly license: string;
  readonly can: readonly ("complete" | "chat" | "draft")[];
  /** What to take it for, the best first: a model that can chat need not be worth talking to, nor a large one wait for keystrokes. */
  readonly goodFor: readonly ("completion" | "chat")[];
  readonly architecture: string;
  readonly parameters: number;
  /** Of the files, as the repository listed them once; undefined where no listing is known. */
  readonly bytes?: number;
  /** GPU memory that it is meant for, at least. */
  readonly memoryGiB: number;
}

/** In order of preference for completion: of those that fit, the first is the one to take. */
export const catalogue = models as readonly CatalogueEntry[];

const bits: Readonly<Record<string, number | undefined>> = mixBits;

/** Bytes of the file as listed, else by parameters and quant: right to some tenths, so it is shown as "about". */
export const aboutBytes = ({ bytes, parameters, quant }: CatalogueEntry): number =>
  bytes ?? Math.round((parameters * (bits[quant] ?? 16)) / 8);

export const entriesThatFit = (memoryBytes: number, entries = catalogue): CatalogueEntry[] =>
  entries.filter(({ memoryGiB }) => memoryGiB * 2 ** 30 <= memoryBytes);

/** The entry to complete with on a GPU of this much memory; undefined where none fits. */
export const recommendedEntry = (memoryBytes: number, entries = catalogue): CatalogueEntry | undefined =>
  entriesThatFit(memoryBytes, entries).find(({ can }) => can.includes("complete"));
