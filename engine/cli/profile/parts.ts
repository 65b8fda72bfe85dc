import type { Dispatch, Gpu } from "../../gpu/index.ts";
import type { Hyperparameters } from "../../model/index.ts";
import { boundBy, isWeights } from "./traffic.ts";

/** What a step's time is divided into. */
export const parts = [
  "embedding",
  "delta-net",
  "attention",
  "ffn",
  "experts",
  "head",
  "draw",
  "mtp",
  "replay",
] as const;
export type Part = (typeof parts)[number];

/** The largest weights that a dispatch reads, by the name of their tensor; undefined where it reads none. */
export function tensorOf(gpu: Gpu, dispatch: Dispatch): string | undefined {
  const weights = boundBy(dispatch).filter(({ buffer }) => isWeights(gpu, buffer));
  return weights.toSorted((a, b) => b.size - a.size)[0]?.buffer.label;
}

/**
 * The part of each dispatch of a plan, in order. A dispatch that reads weights belongs to them; one that reads none belongs to the
 * one before it, of the same layer.
 */
export function partsOf(gpu: Gpu, h: Hyperparameters, dispatches: readonly Dispatch[]): Part[] {
  const found: Part[] = [];
  for (const dispatch of dispatches) found.push(partOf(dispatch, tensorOf(gpu, dispatch), found.at(-1), h));
  return found;
}

const layerParts: Readonly<Record<string, Part>> = {
  "delta-net layer": "delta-net",
  "attention layer": "attention",
};

function partOf(
  { part }: Dispatch,
  tensor: string | undefined,
  before: Part | undefined,
  h: Hyperparameters,
): Part {
  const own = parts.find((it) => it === part);
  if (own) return own;
  const layer = layerParts[part];
  if (!layer) throw new Error(`a dispatch has the part "${part}", which profiles do not know`);
  if (tensor === undefined) return before === "embedding" || before === undefined ? layer : before;
  const [, block, name] = /^blk\.(\d+)\.(.*)$/.exec(tensor) ?? [];
  if (Number(block) >= h.layers) return "mtp";
  return name?.startsWith(h.ffnNorm) || name?.startsWith("ffn_") ? (h.experts ? "experts" : "ffn") : layer;
}
