import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors/index.ts";
import {
  type GgufFile,
  isDrafterFile,
  isMtpFile,
  joinFiles,
  metadataNumber,
  metadataString,
  modelStem,
  openGguf,
  quantOf,
} from "../gguf/index.ts";
import { canonical } from "./dialect.ts";
import { mtpFault, trunkBlocks } from "./mtp_block.ts";
import { misfitOf } from "./mtp_misfit.ts";
import type { Reading } from "./reading.ts";

/** Tables of the block's own, which a model's serve for just as well. */
const ownTables = ["nextn.embed_tokens.weight", "nextn.shared_head_head.weight"];

/**
 * Adds to a model without an MTP block the one of a separate `mtp-….gguf` beside it (NETWORK.md 2.7), so that both read as one
 * file. Its copies of embedding and head are ignored: the model's own serve. Of several files that fit, the one in the
 * model's quant is taken, else the first by name. What cannot be used is left aside, each with a note: the text is the same
 * without it. Takes over `file`.
 */
export async function withMtpFile(file: GgufFile): Promise<Reading> {
  const architecture = metadataString(file, "general.architecture");
  if (metadataNumber(file, `${architecture}.nextn_predict_layers`, 0) > 0) return { file, notes: [] };
  const own = basename(file.path);
  const beside = (await readdir(dirname(file.path)).catch(() => [])).filter(
    (name) => isDrafterFile(name) && modelStem(name) === modelStem(own),
  );
  const names = beside
    .filter(isMtpFile)
    .sort((a, b) => +(quantOf(b) === quantOf(own)) - +(quantOf(a) === quantOf(own)) || (a < b ? -1 : 1));
  const notes: string[] = [];
  for (const name of names) {
    try {
      return await withBlockOf(file, join(dirname(file.path), name), architecture);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { problem, advice } = error.fault;
      notes.push(`The MTP file beside it is left aside: ${problem}; ${advice}.`);
    }
  }
  const others = beside.filter((name) => !isMtpFile(name)).sort();
  if (others.length > 0) {
    const are = others.length === 1 ? "is" : "are";
    notes.push(
      `${others.join(" and ")} ${are} left aside: of the files that draft, only MTP blocks are used.`,
    );
  }
  return { file, notes };
}

async function withBlockOf(file: GgufFile, path: string, architecture: string): Promise<Reading> {
  const opened = await openGguf(path);
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
