import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import { type GgufFile, metadataFlags, metadataNumber, metadataString } from "../gguf/index.ts";
import type { Reading } from "./reading.ts";

/** Blocks from the first on that are the trunk's: with their input norm, and without what only an MTP block has. */
export function trunkBlocks(file: GgufFile): number {
  let blocks = 0;
  while (has(file, blocks, "attn_norm.weight") && !has(file, blocks, "nextn.eh_proj.weight")) blocks++;
  return blocks;
}

/**
 * Makes `block_count` and `nextn_predict_layers` say what the tensors are, since files with MTP tensors and no key, with the
 * key and no tensors, and with a count that leaves the block out are all about (NETWORK.md 2.7). A key that is 0 switches
 * the block off. A block that cannot draft is ignored: the text is the same without it.
 * @throws UserError when blocks of the trunk are missing
 */
export function settleMtp(file: GgufFile): Reading {
  const architecture = metadataString(file, "general.architecture");
  const [countKey, mtpKey] = [`${architecture}.block_count`, `${architecture}.nextn_predict_layers`];
  const trunk = trunkOf(file, architecture);
  if (trunk === undefined) return { file, notes: [] };
  const [count, said] = [metadataNumber(file, countKey), metadataNumber(file, mtpKey, 0)];
  const there = has(file, trunk, "nextn.eh_proj.weight");
  const wanted = there && (said > 0 || !file.metadata.has(mtpKey));
  const fault = wanted ? mtpFault(file, trunk) : undefined;
  const drafts = wanted && !fault;

  const notes: string[] = [];
  if (fault) notes.push(`The file's MTP block is ignored: ${fault}.`);
  if (drafts && said === 0) notes.push("The file has an MTP block that its metadata does not name.");
  if (said > 0 && !there) notes.push("The metadata names an MTP block, and the file has none.");
  if (drafts && has(file, trunk + 1, "nextn.eh_proj.weight")) {
    notes.push("The file has several MTP blocks, and the first one drafts.");
  }
  if (count === trunk + +drafts && said === +drafts && drafts === there) return { file, notes };
  return { file: withBlocks(file, trunk, drafts ? 1 : 0), notes };
}

/** The trunk and the first `mtp` MTP blocks after it; further blocks are dropped. */
function withBlocks(file: GgufFile, trunk: number, mtp: number): GgufFile {
  const architecture = metadataString(file, "general.architecture");
  const blockOf = (name: string) => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? -1);
  return {
    ...file,
    metadata: new Map(file.metadata)
      .set(`${architecture}.block_count`, trunk + mtp)
      .set(`${architecture}.nextn_predict_layers`, mtp),
    tensors: new Map([...file.tensors].filter(([name]) => blockOf(name) < trunk + mtp)),
  };
}

/** Blocks of the trunk; undefined where the file does not have what tells. */
function trunkOf(file: GgufFile, architecture: string): number | undefined {
  const countKey = `${architecture}.block_count`;
  const found = trunkBlocks(file);
  if (found === 0 || !file.metadata.has(countKey)) return undefined;
  const count = metadataNumber(file, countKey);
  const said = metadataNumber(file, `${architecture}.nextn_predict_layers`, 0);
  const mtp = has(file, found, "nextn.eh_proj.weight");
  if (found === count - said || found === count || (mtp && found === count - 1)) {
    // A block that lost only its own tensors looks like the trunk's, but for its attention where a delta net belongs.
    return said > 0 && !mtp && found === count && isStrayAttention(file, architecture, count - said)
      ? count - said
      : found;
  }
  if (found > count) return undefined;
  throw new UserError({
    code: "file-incomplete",
    problem: `${basename(file.path)} has ${found} of its ${count - said} blocks`,
    advice: "the file is incomplete, download it again",
    path: file.path,
  });
}

function isStrayAttention(file: GgufFile, architecture: string, block: number): boolean {
  const interval = metadataNumber(file, `${architecture}.full_attention_interval`, 4);
  const recurrent =
    metadataFlags(file, `${architecture}.attention.recurrent_layers`)?.[block] ??
    (has(file, 0, "ssm_out.weight") && (block + 1) % interval !== 0);
  return recurrent && has(file, block, "attn_q.weight");
}

/** Why the MTP block `block` cannot draft for this trunk: it must have what an attention block of the trunk has, and its own. */
export function mtpFault(file: GgufFile, block: number): string | undefined {
  const width = file.tensors.get("token_embd.weight")?.dims[0] ?? 0;
  const wanted = new Map<string, readonly number[]>([
    ["nextn.eh_proj.weight", [2 * width, width]],
    ["nextn.enorm.weight", [width]],
    ["nextn.hnorm.weight", [width]],
  ]);
  const model = Array.from({ length: block }, (_, i) => i).find((i) => has(file, i, "attn_q.weight"));
  for (const { name, dims } of file.tensors.values()) {
    if (name.startsWith(`blk.${model}.`)) wanted.set(name.slice(`blk.${model}.`.length), dims);
  }
  for (const [name, dims] of wanted) {
    const tensor = file.tensors.get(`blk.${block}.${name}`);
    if (!tensor) return `it has no tensor ${name}`;
    if (!tensor.supported) return `its tensor ${name} has type ${tensor.type}, which cannot be computed with`;
    if (shapeOf(tensor) !== shapeOf({ dims })) {
      return `its tensor ${name} has shape [${tensor.dims.join(", ")}] where [${dims.join(", ")}] is needed`;
    }
  }
  return undefined;
}

/** Trailing dims of 1 are as good as none. */
const shapeOf = ({ dims }: { dims: readonly number[] }): string => dims.join().replace(/(,1)+$/, "");

const has = (file: GgufFile, block: number, name: string): boolean =>
  file.tensors.has(`blk.${block}.${name}`);
