import { basename, dirname, join } from "node:path";
import { inOneLine, isFileFault, UserError } from "../errors/index.ts";
import {
  disk,
  type FileSystem,
  type GgufFile,
  isDrafterFile,
  isMtpFile,
  joinFiles,
  metadataNumber,
  metadataString,
  modelStem,
  openGguf,
  quantOf,
  sharedFolder,
} from "../gguf/index.ts";
import { canonical } from "./dialect.ts";
import { mtpFault, trunkBlocks } from "./mtp_block.ts";
import { misfitOf } from "./mtp_misfit.ts";
import type { Reading } from "./reading.ts";

/** Tables of the block's own, which a model's serve for just as well. */
const ownTables = ["nextn.embed_tokens.weight", "nextn.shared_head_head.weight"];

/**
 * Adds to a model without an MTP block the one of a separate `mtp-….gguf` beside it or in a folder `MTP/` (NETWORK.md 2.7), so
 * that both read as one file. Its copies of embedding and head are ignored: the model's own serve. Of several files that fit,
 * the one in the model's quant is taken, else the smallest. What cannot be used is left aside, each with a note: the text is the same
 * without it. Takes over `file`.
 */
export async function withMtpFile(file: GgufFile, system: FileSystem = disk): Promise<Reading> {
  const architecture = metadataString(file, "general.architecture");
  if (metadataNumber(file, `${architecture}.nextn_predict_layers`, 0) > 0) return { file, notes: [] };
  const drafters = await draftersOf(system.absolute(file.path), system);
  const notes: string[] = [];
  const unusable: { path: string; problem: string }[] = [];
  for (const path of drafters.filter(isMtpFile)) {
    try {
      const whole = await withBlockOf(file, path, architecture, system);
      return { ...whole, mtpFiles: { used: path, unusable } };
    } catch (error) {
      // Of a connection that breaks while headers are read nothing follows for the file.
      if (!isFileFault(error)) throw error;
      const { advice } = error.fault;
      const problem = inOneLine(error.fault.problem);
      unusable.push({ path, problem });
      notes.push(`The MTP file beside it is left aside: ${problem}; ${advice}.`);
    }
  }
  const others = drafters.filter((path) => !isMtpFile(path)).map((path) => basename(path));
  if (others.length > 0) {
    const are = others.length === 1 ? "is" : "are";
    notes.push(
      `${others.join(" and ")} ${are} left aside: of the files that draft, only MTP blocks are used.`,
    );
  }
  return { file, notes, mtpFiles: { unusable } };
}

/** Files that draft for the model at `path`: those in its quant first, then by size. */
async function draftersOf(path: string, system: FileSystem): Promise<string[]> {
  const found: { path: string; bytes: number; rank: number }[] = [];
  for (const folder of await foldersAround(path, system)) {
    for (const name of await system.names(folder)) {
      if (!isDrafterFile(name) || modelStem(name) !== modelStem(path)) continue;
      const at = join(folder, name);
      const bytes = await system.size(at);
      found.push({ path: at, bytes, rank: Number(quantOf(name) !== quantOf(path)) });
    }
  }
  return found
    .sort((a, b) => a.rank - b.rank || a.bytes - b.bytes || (a.path < b.path ? -1 : 1))
    .map((it) => it.path);
}

/** Where its drafters may lie: beside it, where all quants of the model are, and in folders `MTP` of these. */
async function foldersAround(path: string, system: FileSystem): Promise<string[]> {
  const folders = [...new Set([dirname(path), sharedFolder(path) || "/"])];
  const inner = await Promise.all(
    folders.map(async (folder) =>
      (await system.names(folder)).filter((name) => /^mtp$/i.test(name)).map((name) => join(folder, name)),
    ),
  );
  return [...folders, ...inner.flat()];
}

async function withBlockOf(
  file: GgufFile,
  path: string,
  architecture: string,
  system: FileSystem,
): Promise<Reading> {
  const opened = await openGguf(path, system);
  try {
    const { file: mtp } = await canonical(opened);
    const trunk = trunkBlocks(file);
    const misfit = misfitOf(file, mtp, trunk);
    if (misfit) throw misfitting(mtp, misfit);
    const vocabulary = file.tensors.get("token_embd.weight")?.dims[1];
    const tensors = [...mtp.tensors].filter(([name, { dims }]) => {
      const foreign = ownTables.some((table) => name.endsWith(table)) && dims[1] !== vocabulary;
      return name.startsWith(`blk.${trunk}.`) && !foreign;
    });
    const metadata = new Map(file.metadata)
      .set(`${architecture}.block_count`, trunk + 1)
      .set(`${architecture}.nextn_predict_layers`, 1);
    const joined = joinFiles(file, [{ ...mtp, tensors: new Map(tensors) }], metadata);
    const fault = mtpFault(joined, trunk);
    if (fault) throw misfitting(mtp, fault);
    return { file: joined, notes: [`The MTP block is that of ${basename(path)}.`] };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

const misfitting = (mtp: GgufFile, why: string): UserError =>
  new UserError({
    code: "model-unsupported",
    problem: `${basename(mtp.path)} does not belong to it (${why})`,
    advice: "move it away, or get the one that belongs to the model",
    path: mtp.path,
  });

/** @throws UserError for a file that holds an MTP block and nothing to draft for. */
export function requireTrunk(file: GgufFile): void {
  if (file.tensors.has("blk.0.attn_norm.weight")) return;
  if (![...file.tensors.keys()].some((name) => name.endsWith(".nextn.eh_proj.weight"))) return;
  throw new UserError({
    code: "model-unsupported",
    problem: `${file.path} holds only the MTP block of a model`,
    advice: "name the model itself, and keep this file beside it",
    path: file.path,
  });
}
