import { readFile, writeFile } from "node:fs/promises";
import { seededRandom } from "./random.ts";
import { readRawGguf } from "./read_gguf.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "./write_gguf.ts";

// A `qwen35` network of two blocks that writes what followed, earlier in its prompt, the two tokens that it ends with: as much of a
// model of code as a few weights by hand can be. Each token has a code of signs. The delta net's convolution brings the codes of the last
// two tokens to each row; attention compares a row's own code and the one before it with those, and the head names the token of which
// the code is found there. The MTP block is that attention again. So its answers need all that an engine keeps of a prompt, they are
// often what is typed next, and a pass costs next to nothing.

const code = 32; // signs of a token, and dims of a head of the delta net
const headSize = 128; // of attention
const rotary = 32; // dims of a head that rotate; the codes are in those after them
const scale = 3; // of a comparison: what agrees in both tokens has e^17 times the weight of what agrees in one
const saturated = 12; // where a sigmoid is 1, and SiLU the positive part

/** Where in the residual stream each part begins. The first columns are 1 in all rows: there are no biases. */
const at = { ones: 0, own: code, before: 2 * code, twoBefore: 3 * code, found: 4 * code };
const embedding = 5 * code;

type Cell = (row: number, column: number) => number;

/** @param tokenizerOf the model file that it has its vocabulary from */
export async function writeCopyingModel(path: string, tokenizerOf: string, context: number): Promise<void> {
  const vocabulary = readRawGguf(await readFile(tokenizerOf)).metadata.filter(([key]) =>
    key.startsWith("tokenizer."),
  );
  const tokens = vocabulary.find(([key]) => key === "tokenizer.ggml.tokens")![2] as readonly string[];
  const codes = codesOf(tokens.length);
  const tensors: TensorSource[] = [];
  const matrix = (name: string, columns: number, rows: number, cell: Cell = () => 0) => {
    const floats = Float32Array.from({ length: columns * rows }, (_, i) =>
      cell(Math.floor(i / columns), i % columns),
    );
    tensors.push({ name, dims: [columns, rows], type: "F32", bytes: new Uint8Array(floats.buffer) });
  };
  const vector = (name: string, dims: readonly number[], of: (i: number) => number) => {
    const floats = Float32Array.from({ length: dims.reduce((product, n) => product * n, 1) }, (_, i) =>
      of(i),
    );
    tensors.push({ name, dims, type: "F32", bytes: new Uint8Array(floats.buffer) });
  };
  const norm = (name: string, size: number, value = 1) => vector(name, [size], () => value);
  const feedForward = (block: string) => {
    for (const [part, columns, rows] of [
      ["gate", embedding, code],
      ["up", embedding, code],
      ["down", code, embedding],
    ] as const)
      matrix(`${block}ffn_${part}.weight`, columns, rows);
    norm(`${block}post_attention_norm.weight`, embedding);
  };

  /** Compares a row's own code and the one before with the two codes before other rows, and brings the codes of those. */
  const attention = (block: string) => {
    norm(`${block}attn_norm.weight`, embedding);
    // Of the query's head, then of its gate, which is open.
    matrix(`${block}attn_q.weight`, embedding, 2 * headSize, (row, column) => {
      if (row >= headSize) return column === at.ones ? saturated : 0;
      return is(row - rotary, column - at.own, code) + is(row - rotary - code, column - at.before, code);
    });
    matrix(
      `${block}attn_k.weight`,
      embedding,
      headSize,
      (row, column) =>
        is(row - rotary, column - at.before, code) + is(row - rotary - code, column - at.twoBefore, code),
    );
    matrix(`${block}attn_v.weight`, embedding, headSize, (row, column) => is(row, column - at.own, code));
    norm(`${block}attn_q_norm.weight`, headSize, scale);
    norm(`${block}attn_k_norm.weight`, headSize);
    matrix(`${block}attn_output.weight`, headSize, embedding, (row, column) =>
      is(row - at.found, column, code),
    );
    feedForward(block);
  };

  /** Two heads with the rows' codes from one and from two rows before. */
  const deltaNet = (block: string) => {
    norm(`${block}attn_norm.weight`, embedding);
    const values = 2 * code; // rows, after those of q and of k
    // q and k are the same unit vector in all rows: what the state holds at k is overwritten by each.
    matrix(`${block}attn_qkv.weight`, embedding, 2 * code + values, (row, column) =>
      row < 2 * code
        ? is(row % code, 0, 1) * is(column, at.ones, embedding)
        : saturated * is(row % code, column - at.own, code),
    );
    // Taps from the oldest row to the current one.
    vector(`${block}ssm_conv1d.weight`, [4, 2 * code + values], (i) => {
      const [channel, tap] = [Math.floor(i / 4), i % 4];
      const wanted = channel < 2 * code ? 3 : channel < 3 * code ? 2 : 1;
      return tap === wanted ? 1 : 0;
    });
    const open: Cell = (_, column) => (column === at.ones ? saturated : 0);
    matrix(`${block}attn_gate.weight`, embedding, values, open);
    matrix(`${block}ssm_beta.weight`, embedding, 2, open);
    matrix(`${block}ssm_alpha.weight`, embedding, 2);
    vector(`${block}ssm_dt.bias`, [2], () => 0);
    vector(`${block}ssm_a`, [2], () => -1);
    // Of what the gate makes of the ones, here after the first norm.
    norm(`${block}ssm_norm.weight`, code, 1 / (saturated * Math.sqrt(embedding / (1 + code))));
    // Half of the values are positive and the others 0, since SiLU has cut them: without their mean they are signs again.
    matrix(`${block}ssm_out.weight`, values, embedding, (row, column) => {
      const [head, i] = [Math.floor(column / code), column % code];
      const to = row - (head === 0 ? at.before : at.twoBefore);
      return to < 0 || to >= code ? 0 : Math.SQRT2 * ((to === i ? 1 : 0) - 1 / code);
    });
    feedForward(block);
  };

  matrix("token_embd.weight", embedding, codes.length, (id, column) =>
    column === at.ones ? 1 : (codes[id]![column - at.own] ?? 0),
  );
  norm("output_norm.weight", embedding);
  matrix("output.weight", embedding, codes.length, (id, column) => codes[id]![column - at.found] ?? 0);
  deltaNet("blk.0.");
  attention("blk.1.");
  attention("blk.2.");
  // The token that the trunk has sampled, and as what is before it the hidden row's own.
  matrix("blk.2.nextn.eh_proj.weight", 2 * embedding, embedding, (row, column) => {
    const [ofToken, ofHidden] = [column, column - embedding];
    return (
      is(row, ofToken, at.before) +
      is(row - at.before, ofHidden - at.own, code) +
      is(row - at.twoBefore, ofHidden - at.before, code)
    );
  });
  for (const name of ["enorm", "hnorm", "shared_head_norm"]) norm(`blk.2.nextn.${name}.weight`, embedding);
  await writeFile(path, ggufBytes({ metadata: [...metadataOf(context), ...vocabulary], tensors }));
}

/** 1 where two indices are the same, and one of the first `size`. */
const is = (one: number, other: number, size: number): number =>
  one === other && one >= 0 && one < size ? 1 : 0;

/** Signs for each token, as many of both kinds. */
function codesOf(count: number): number[][] {
  const random = seededRandom(18);
  return Array.from({ length: count }, () => {
    const signs = Array.from({ length: code }, (_, i): number => (i % 2 === 0 ? 1 : -1));
    for (let i = code - 1; i > 0; i--) {
      const other = Math.floor(random() * (i + 1));
      [signs[i], signs[other]] = [signs[other]!, signs[i]!];
    }
    return signs;
  });
}

function metadataOf(context: number): MetadataPair[] {
  const counts = {
    block_count: 3,
    nextn_predict_layers: 1,
    context_length: context,
    embedding_length: embedding,
    feed_forward_length: code,
    full_attention_interval: 2,
    "attention.head_count": 1,
    "attention.head_count_kv": 1,
    "attention.key_length": headSize,
    "attention.value_length": headSize,
    "rope.dimension_count": rotary,
    "ssm.conv_kernel": 4,
    "ssm.state_size": code,
    "ssm.group_count": 1,
    "ssm.time_step_rank": 2,
    "ssm.inner_size": 2 * code,
  };
  return [
    ["general.architecture", "string", "qwen35"],
    ["general.name", "string", "copying"],
    ...Object.entries(counts).map(([key, n]): MetadataPair => [`qwen35.${key}`, "u32", n]),
    ["qwen35.attention.layer_norm_rms_epsilon", "f32", 1e-6],
    ["qwen35.rope.freq_base", "f32", 1e7],
  ];
}
