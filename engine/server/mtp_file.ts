import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { type GgufFile, metadataNumber, metadataString, openGguf } from "../gguf/index.ts";

/** A name without `.gguf` and the quant at its end: a model and its MTP block may be quantised differently. */
const stem = (name: string): string =>
  name.replace(/\.gguf$/i, "").replace(/[-.](UD-)?(I?Q\d\w*|B?F16|F32|MXFP4\w*)$/i, "");

/**
 * Adds to a model without an MTP block the one of a separate `mtp-….gguf` beside it (model.md 2.7), so that both read as one
 * file. Its copies of embedding and head are left aside: the model's own serve.
 * @throws UserError when the file beside it does not fit the model
 */
export async function withMtpFile(file: GgufFile): Promise<GgufFile> {
  const architecture = metadataString(file, "general.architecture");
  if (metadataNumber(file, `${architecture}.nextn_predict_layers`, 0) > 0) return file;
  const folder = dirname(file.path);
  const names = await readdir(folder).catch(() => []);
  const own = basename(file.path);
  const name = names.find((it) => /^mtp-.*\.gguf$/i.test(it) && stem(it.slice(4)) === stem(own));
  if (!name) return file;
  const mtp = await openGguf(join(folder, name));
  try {
    requireFit(file, mtp, architecture);
  } catch (error) {
    await mtp.close();
    throw error;
  }
  return joined(file, mtp, architecture);
}

function requireFit(file: GgufFile, mtp: GgufFile, architecture: string): void {
  const keys = ["embedding_length", "attention.head_count", "attention.key_length", "feed_forward_length"];
  for (const key of keys.map((it) => `${architecture}.${it}`)) {
    const [ours, theirs] = [file, mtp].map((it) => metadataNumber(it, key, 0));
    if (ours !== theirs) {
      throw new UserError(
        `${mtp.path} does not belong to ${basename(file.path)} (${key} is ${theirs} there and ${ours} here): move it away, or get the one that belongs to the model.`,
      );
    }
  }
}

function joined(file: GgufFile, mtp: GgufFile, architecture: string): GgufFile {
  const blocks = metadataNumber(file, `${architecture}.block_count`);
  const tensors = new Map(file.tensors);
  for (const [name, tensor] of mtp.tensors) {
    if (name.startsWith(`blk.${blocks}.`))
      tensors.set(name, { ...tensor, offset: file.size + tensor.offset });
  }
  const close = async () => {
    await Promise.all([file.close(), mtp.close()]);
  };
  return {
    ...file,
    size: file.size + mtp.size,
    metadata: new Map(file.metadata)
      .set(`${architecture}.block_count`, blocks + 1)
      .set(`${architecture}.nextn_predict_layers`, 1),
    tensors,
    read: (offset, target) =>
      offset < file.size ? file.read(offset, target) : mtp.read(offset - file.size, target),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @throws UserError for a file that holds an MTP block and nothing to draft for. */
export function requireTrunk(file: GgufFile): void {
  if (file.tensors.has("blk.0.attn_norm.weight")) return;
  const architecture = metadataString(file, "general.architecture");
  const last = metadataNumber(file, `${architecture}.block_count`, 0) - 1;
  if (!file.tensors.has(`blk.${last}.nextn.eh_proj.weight`)) return;
  throw new UserError(
    `${file.path} holds only the MTP block of a model: name the model itself, and keep this file beside it.`,
  );
}
