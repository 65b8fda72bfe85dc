import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import {
  type FilePart,
  type GgufFile,
  joinFiles,
  type MetadataValue,
  metadataNumbers,
  metadataString,
  type TensorEntry,
} from "../gguf/index.ts";
import { trunkBlocks } from "./mtp_block.ts";
import type { Reading } from "./reading.ts";

/** Keys of numbers that a writer may store once for each layer; llama.cpp reads the first five so. */
const perLayerKeys = [
  "attention.head_count",
  "attention.head_count_kv",
  "feed_forward_length",
  "expert_used_count",
  "expert_feed_forward_length",
  "expert_shared_feed_forward_length",
  "expert_count",
  "attention.key_length",
  "attention.value_length",
  "attention.layer_norm_rms_epsilon",
  "attention.scale",
  "rope.dimension_count",
  "rope.freq_base",
];

const recurrentKey = "attention.recurrent_layers";

const widestNorm = 2 ** 20; // bytes; what is longer is no norm, and the block is left out for its shape

const listed = 6; // values in the sentence for layers that differ

/** A bundled vision encoder and its projector. */
const visionTensor = /^(v|mm)\./;

/** Names of the MTP block's own tensors in files that keep the checkpoint's (NETWORK.md 2.7). */
const rawMtpNames: ReadonlyMap<string, string> = new Map([
  ["mtp.fc.weight", "nextn.eh_proj.weight"],
  ["mtp.pre_fc_norm_embedding.weight", "nextn.enorm.weight"],
  ["mtp.pre_fc_norm_hidden.weight", "nextn.hnorm.weight"],
  ["mtp.norm.weight", "nextn.shared_head_norm.weight"],
]);

/**
 * The same model in llama.cpp's names and keys, whichever tool wrote the file (NETWORK.md 1.3, 2.4): Ollama stores values for each
 * layer, bundles the vision encoder, and has other names for two kinds of tensors.
 * @throws UserError where the difference is not one of names
 */
export async function canonical(file: GgufFile): Promise<Reading> {
  const architecture = metadataString(file, "general.architecture");
  requireStackedExperts(file);
  const notes: string[] = [];
  const tensors = new Map<string, TensorEntry>();
  const raw = new Map<string, TensorEntry>();
  let vision = 0;
  for (const [name, tensor] of file.tensors) {
    if (visionTensor.test(name)) vision++;
    else if (name.startsWith("mtp.")) raw.set(name, tensor);
    else add(tensors, /^blk\.\d+\.ssm_dt$/.test(name) ? `${name}.bias` : name, tensor);
  }
  if (vision > 0) {
    notes.push(`The file also holds a vision encoder (${vision} tensors), which is not loaded.`);
  }
  const trunk = { ...file, metadata: canonicalKeys(file, architecture), tensors };
  if (raw.size === 0) return { file: trunk, notes };
  const renamed = await renamedMtp(trunk, raw, trunkBlocks(trunk));
  return { file: renamed, notes };
}

const add = (tensors: Map<string, TensorEntry>, name: string, tensor: TensorEntry): void => {
  tensors.set(name, { ...tensor, name });
};

/** Files of Mixtral from before April 2024 have a tensor for each expert, and not the one of all experts that is read. */
function requireStackedExperts({ tensors, path }: GgufFile): void {
  const single = [...tensors.keys()].find((name) =>
    /^blk\.\d+\.ffn_(?:gate|up|down)\.\d+\.weight$/.test(name),
  );
  if (single === undefined) return;
  throw new UserError({
    code: "model-unsupported",
    problem: `${basename(path)} has its experts one by one (${single}), as files of mixtures made before April 2024 have them, and only stacked ones are read`,
    advice: "get a newer file of this model, whose experts are in tensors such as blk.0.ffn_gate_exps.weight",
    path,
  });
}

/** Where all layers have one value, the value; where zeros among the heads mark delta nets, the flags of these. */
function canonicalKeys(file: GgufFile, architecture: string): Map<string, MetadataValue> {
  const metadata = new Map(file.metadata);
  const recurrent = `${architecture}.${recurrentKey}`;
  if (file.metadata.has(recurrent)) layerValues(file, recurrent);
  for (const key of perLayerKeys.map((it) => `${architecture}.${it}`)) {
    if (!ArrayBuffer.isView(file.metadata.get(key))) continue;
    const values = layerValues(file, key);
    const isDeltaNet = (layer: number) => file.tensors.has(`blk.${layer}.ssm_out.weight`);
    const own = key.includes("head_count") ? values.filter((n, i) => n !== 0 || !isDeltaNet(i)) : values;
    const kinds = [...new Set(own)];
    if (kinds.length > 1) {
      const rest = kinds.length > listed ? ` and ${kinds.length - listed} other values` : "";
      throw new UserError({
        code: "model-unsupported",
        problem: `${basename(file.path)} has layers of different sizes (${key} is ${kinds.slice(0, listed).join(", ")}${rest}), and only equal ones are supported`,
        advice: "choose another model",
        path: file.path,
      });
    }
    const [value = 0] = kinds;
    metadata.set(key, value);
    if (own.length < values.length && key.endsWith("head_count_kv") && !metadata.has(recurrent)) {
      metadata.set(
        recurrent,
        Uint8Array.from(values, (heads) => +(heads === 0)),
      );
    }
  }
  return metadata;
}

/** One value for each layer of the trunk, or of a file without a trunk all that are there: an MTP block's may be another. */
function layerValues(file: GgufFile, key: string): number[] {
  const values = [...metadataNumbers(file, key)];
  const layers = trunkBlocks(file);
  if (values.length >= layers) return layers > 0 ? values.slice(0, layers) : values;
  throw new UserError({
    code: "file-damaged",
    problem: `${basename(file.path)} has ${values.length} values in metadata key ${key} for ${layers} layers`,
    advice: "download it again or choose another file of this model",
    path: file.path,
  });
}

/**
 * The MTP block under llama.cpp's names. Ollama's converter adds 1 to weights whose names end in `_norm.weight`, as all
 * norms of this family need; the block's own three do not, so it is done here.
 */
async function renamedMtp(
  file: GgufFile,
  raw: ReadonlyMap<string, TensorEntry>,
  block: number,
): Promise<GgufFile> {
  const tensors = new Map(file.tensors);
  const norms = new Map<string, TensorEntry>();
  const vectors: Float32Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const [name, tensor] of raw) {
    const own = rawMtpNames.get(name);
    const canonicalName = `blk.${block}.${own ?? name.replace(/^mtp\.layers\.0\./, "")}`;
    if (own?.endsWith("norm.weight") && tensor.type === "F32" && tensor.bytes <= widestNorm) {
      const vector = new Float32Array(tensor.bytes / 4);
      await file.read(tensor.offset, new Uint8Array(vector.buffer));
      vectors.push(vector.map((weight) => weight + 1));
      norms.set(canonicalName, { ...tensor, name: canonicalName, offset: size });
      size += tensor.bytes;
    } else add(tensors, canonicalName, tensor);
  }
  const bytes = Buffer.concat(vectors.map(({ buffer }) => new Uint8Array(buffer)));
  const inMemory: FilePart = {
    size,
    tensors: norms,
    read: async (offset, target) => {
      target.set(bytes.subarray(offset, offset + target.length));
    },
    close: async () => {},
  };
  return joinFiles({ ...file, tensors }, [inMemory]);
}
