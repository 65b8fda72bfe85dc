import { basename, dirname, join } from "node:path";
import { quoted, UserError } from "../errors/index.ts";
import {
  disk,
  type FileSystem,
  type GgufFile,
  isMtpFile,
  joinFiles,
  metadataNumber,
  metadataString,
  modelStem,
  openGguf,
  quantOf,
} from "../gguf/index.ts";
import { mtpFault } from "./mtp_block.ts";
import type { Reading } from "./reading.ts";

/** Tables of the block's own, which a model's serve for just as well. */
const ownTables = ["nextn.embed_tokens.weight", "nextn.shared_head_head.weight"];

/**
 * Adds to a model without an MTP block the one of a separate `mtp-….gguf` beside it (NETWORK.md 2.7), so that both read as one
 * file. Its copies of embedding and head are ignored: the model's own serve. Of several files that fit, the one in the
 * model's quant is taken, else the first by name. Takes over `file`, and leaves it open when it fails.
 * @throws UserError when no file beside it fits the model
 */
export async function withMtpFile(file: GgufFile, system: FileSystem = disk): Promise<Reading> {
  const architecture = metadataString(file, "general.architecture");
  if (metadataNumber(file, `${architecture}.nextn_predict_layers`, 0) > 0) return { file, notes: [] };
  const own = basename(file.path);
  const names = (await system.names(dirname(file.path)))
    .filter((name) => isMtpFile(name) && modelStem(name) === modelStem(own))
    .sort((a, b) => +(quantOf(b) === quantOf(own)) - +(quantOf(a) === quantOf(own)) || (a < b ? -1 : 1));
  let misfit: unknown;
  for (const name of names) {
    try {
      return await withBlockOf(file, join(dirname(file.path), name), architecture, system);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      misfit ??= error;
    }
  }
  if (misfit) throw misfit;
  return { file, notes: [] };
}

async function withBlockOf(
  file: GgufFile,
  path: string,
  architecture: string,
  system: FileSystem,
): Promise<Reading> {
  const mtp = await openGguf(path, system);
  try {
    requireFit(file, mtp, architecture);
    const trunk = metadataNumber(file, `${architecture}.block_count`);
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
    if (fault) throw misfitting(file, mtp, fault);
    return { file: joined, notes: [`The MTP block is that of ${basename(path)}.`] };
  } catch (error) {
    await mtp.close();
    throw error;
  }
}

function requireFit(file: GgufFile, mtp: GgufFile, architecture: string): void {
  const theirs = metadataString(mtp, "general.architecture");
  if (theirs !== architecture) {
    throw misfitting(file, mtp, `it is a ${quoted(theirs)} model and this one is "${architecture}"`);
  }
  const keys = [
    "embedding_length",
    "attention.head_count",
    "attention.key_length",
    "feed_forward_length",
    "expert_count",
  ];
  for (const key of keys.map((it) => `${architecture}.${it}`)) {
    const [here, there] = [file, mtp].map((it) => metadataNumber(it, key, 0));
    if (here !== there) throw misfitting(file, mtp, `${key} is ${there} there and ${here} here`);
  }
}

const misfitting = (file: GgufFile, mtp: GgufFile, why: string): UserError =>
  new UserError({
    code: "model-unsupported",
    problem: `${mtp.path} does not belong to ${basename(file.path)} (${why})`,
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
