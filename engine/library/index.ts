// Library: the models on this disk, those that may be fetched, and the fetching.
// Start at pull.ts: it asks the Hub what a repository holds, chooses files, has them checked (check.ts) and downloads them one by one.
// Owns the folder of models: partial files, recorded checksums, locks.
// Promise: a file under its final name is whole and has the published checksum; the network is used on request only (I8).
// Must not know: tensors, GPUs, the editor.
export { aboutBytes, type CatalogueEntry, catalogue, entriesThatFit, recommendedEntry } from "./catalogue.ts";
export { type CheckedPlan, checkPlan } from "./check.ts";
export type { Progress } from "./checksum.ts";
export {
  type ChoosableModel,
  chooseModel,
  modelsIn,
  neededBytes,
  nextSmaller,
  type Smaller,
} from "./choose.ts";
export { gigabytes } from "./download.ts";
export { defaultFolder } from "./folder.ts";
export { type HubFile, hubAccess, listRepository } from "./hub.ts";
export {
  type InstalledModel,
  listModels,
  type PartialDownload,
  removeDownload,
  removeModel,
  resolveModel,
  verifyModel,
} from "./installed.ts";
export { type ModelWish, parseName } from "./names.ts";
export type { PullPlan } from "./plan.ts";
export { proxiedFetch } from "./proxy.ts";
export { downloadModel, type PulledModel, type PullOptions, planPull, pullModel } from "./pull.ts";
