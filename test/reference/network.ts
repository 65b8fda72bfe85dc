import type { GgufFile, TensorType } from "../../engine/gguf/index.ts";
import { dequantize } from "./dequantize.ts";
import {
  deltaRule,
  l2Norm,
  type Row,
  rmsNorm,
  rope,
  sigmoid,
  silu,
  softmaxAttention,
  softplus,
} from "./formulas.ts";

/** What a network makes of ids: a row for each. */
export interface NetworkRows {
  readonly logits: Float64Array[];
  /** After output_norm. */
  readonly hidden: Float64Array[];
  /** The MTP block's logits, where there is one: row p takes id p and the hidden row before it. */
  readonly mtp: Float64Array[] | undefined;
}

/**
 * The forward pass of NETWORK.md 3 and 4 in f64, row after row, read off the file's own keys; slow, and for small models. Knows
 * nothing of the engine but how a file is opened. `lastOnly`: the logits of the last row alone, and no MTP rows.
 */
export async function evaluateInF64(
  file: GgufFile,
  ids: readonly number[],
  { lastOnly = false } = {},
): Promise<NetworkRows> {
  const network = await readNetwork(file);
  const hidden: Float64Array[] = [];
  const states = network.blocks.map(newState);
  for (const [position, id] of ids.entries()) {
    let x: Row = times(network.embedding.row(id), network.embeddingScale);
    for (const [i, block] of network.blocks.entries()) x = network.runBlock(block, states[i]!, x, position);
    hidden.push(rmsNorm(x, network.outputNorm, network.epsilon));
  }
  const logits = (lastOnly ? hidden.slice(-1) : hidden).map((row) =>
    times(network.head.times(row), 1 / network.logitScale),
  );
  const mtp = lastOnly ? undefined : network.mtp;
  return { logits, hidden, mtp: mtp && runMtp(network, mtp, ids, hidden) };
}

/** A matrix [columns, rows] in f64. */
interface Weights {
  readonly columns: number;
  row(n: number): Float64Array;
  /** Rows `from` … of the product with x; all of them by default. */
  times(x: Row, from?: number, rows?: number): Float64Array;
}

/** Reads a block's tensors by their names after `blk.N.`; undefined where there is none. */
export type Tensors = (name: string) => Weights | undefined;
type Network = Awaited<ReturnType<typeof readNetwork>>;

/** What a block keeps from row to row. */
interface State {
  readonly keys: Float64Array[][];
  readonly values: Float64Array[][];
  readonly conv: Float64Array[];
  readonly matrices: Float64Array[];
}
const newState = (): State => ({ keys: [], values: [], conv: [], matrices: [] });

const add = (a: Row, b: Row): Float64Array => Float64Array.from(a, (value, i) => value + b[i]!);
const times = (x: Row, factor: number): Float64Array => Float64Array.from(x, (value) => value * factor);
const part = (x: Float64Array, index: number, size: number): Float64Array =>
  x.subarray(index * size, (index + 1) * size);
const join = (rows: readonly Float64Array[]): Float64Array => Float64Array.from(rows.flatMap((r) => [...r]));
const dot = (a: Row, b: Row): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

async function readNetwork(file: GgufFile) {
  const architecture = file.metadata.get("general.architecture") as string;
  const key = (name: string, otherwise = 0): number =>
    (file.metadata.get(`${architecture}.${name}`) as number | undefined) ?? otherwise;
  const tensors = new Map<string, Weights>();
  for (const { name, dims, type, offset, bytes } of file.tensors.values()) {
    const raw = new Uint8Array(bytes);
    await file.read(offset, raw);
    tensors.set(name, weightsOf(dims, type as TensorType, raw));
  }
  const named = (name: string): Weights => {
    const found = tensors.get(name);
    if (!found) throw new Error(`the reference needs ${name}`);
    return found;
  };
  const at =
    (block: number): Tensors =>
    (name) =>
      tensors.get(`blk.${block}.${name}`);
  const mtpLayers = key("nextn_predict_layers");
  const layers = key("block_count") - mtpLayers;
  const epsilon = key("attention.layer_norm_rms_epsilon");
  const heads = key("attention.head_count");
  const headSize = key("attention.key_length", key("embedding_length") / heads);
  const shape = {
    epsilon,
    heads,
    kvHeads: key("attention.head_count_kv"),
    headSize,
    rotary: key("rope.dimension_count", headSize),
    base: key("rope.freq_base"),
    keyHeads: key("ssm.group_count"),
    valueHeads: key("ssm.time_step_rank"),
    deltaSize: key("ssm.state_size"),
    groupedHeads: architecture === "qwen3next",
    used: key("expert_used_count"),
    scale: key("attention.scale") || 1 / Math.sqrt(headSize),
    turn: {
      neighbours: architecture === "llama" || architecture === "granite",
      factors: tensors.get("rope_freqs.weight")?.row(0),
    },
    residual: key("residual_scale", 1),
    embeddingScale: key("embedding_scale", 1),
    logitScale: key("logit_scale", 1),
  };
  const embedding = named("token_embd.weight");
  return {
    ...shape,
    embedding,
    outputNorm: named("output_norm.weight").row(0),
    head: tensors.get("output.weight") ?? embedding,
    blocks: Array.from({ length: layers }, (_, i) => at(i)),
    mtp: mtpLayers > 0 ? at(layers) : undefined,
    runBlock(block: Tensors, state: State, x: Row, position: number): Float64Array {
      const normed = rmsNorm(x, block("attn_norm.weight")!.row(0), epsilon);
      const mixed = block("attn_output.weight")
        ? attention(shape, block, state, normed, position)
        : deltaNet(shape, block, state, normed);
      const middle = add(x, times(mixed, shape.residual));
      const ffnNorm = (block("post_attention_norm.weight") ?? block("ffn_norm.weight"))!;
      const raised = feedForward(shape, block, rmsNorm(middle, ffnNorm.row(0), epsilon));
      return add(middle, times(raised, shape.residual));
    },
  };
}

type Shape = Omit<Network, "embedding" | "outputNorm" | "head" | "blocks" | "mtp" | "runBlock">;

/** Elements up to which a tensor is decoded at once; larger ones row by row, each time, as f64 takes a lot of memory. */
const decodedWhole = 2 ** 22;

/** @param dims of the tensor, columns first */
export function weightsOf(
  [columns = 1, ...others]: readonly number[],
  type: TensorType,
  bytes: Uint8Array,
): Weights {
  const all = others.reduce((product, n) => product * n, 1);
  const whole = columns * all <= decodedWhole ? dequantize(type, bytes) : undefined;
  const row = (n: number): Float64Array =>
    whole ? part(whole, n, columns) : dequantize(type, partOf(bytes, n, bytes.length / all));
  return {
    columns,
    row,
    times: (x, from = 0, rows = all - from) =>
      Float64Array.from({ length: rows }, (_, n) => dot(row(from + n), x)),
  };
}

const partOf = (bytes: Uint8Array, index: number, size: number): Uint8Array =>
  bytes.subarray(index * size, (index + 1) * size);

/** NETWORK.md 3.2, with or without gate, norms and biases. */
function attention(s: Shape, block: Tensors, state: State, x: Row, position: number): Float64Array {
  const fused = block("attn_qkv.weight");
  const widths = {
    attn_q: s.heads * s.headSize,
    attn_k: s.kvHeads * s.headSize,
    attn_v: s.kvHeads * s.headSize,
  };
  const biased = (name: keyof typeof widths): Float64Array => {
    const before = name === "attn_q" ? 0 : name === "attn_k" ? widths.attn_q : widths.attn_q + widths.attn_k;
    const y = fused ? fused.times(x, before, widths[name]) : block(`${name}.weight`)!.times(x);
    const bias = block(`${name}.bias`);
    return bias ? add(y, bias.row(0)) : y;
  };
  const turned = (head: Float64Array, norm: Weights | undefined) =>
    rope(norm ? rmsNorm(head, norm.row(0), s.epsilon) : head, position, s.rotary, s.base, s.turn);
  const queries = biased("attn_q");
  const [keys, values] = [biased("attn_k"), biased("attn_v")];
  const each = Array.from({ length: s.kvHeads }, (_, j) => j);
  state.keys.push(each.map((j) => turned(part(keys, j, s.headSize), block("attn_k_norm.weight"))));
  state.values.push(each.map((j) => part(values, j, s.headSize)));
  const perHead = queries.length / (s.heads * s.headSize); // 2: each query head has a gate
  const out = Array.from({ length: s.heads }, (_, h) => {
    const q = turned(part(queries, perHead * h, s.headSize), block("attn_q_norm.weight"));
    const j = Math.floor(h / (s.heads / s.kvHeads));
    const of = (rows: Float64Array[][]) => rows.map((row) => row[j]!);
    const o = softmaxAttention(q, of(state.keys), of(state.values), s.scale);
    const gate = perHead === 2 ? part(queries, 2 * h + 1, s.headSize) : undefined;
    return gate ? o.map((value, d) => value * sigmoid(gate[d]!)) : o;
  });
  return block("attn_output.weight")!.times(join(out));
}

/** NETWORK.md 3.4. */
function deltaNet(s: Shape, block: Tensors, state: State, x: Row): Float64Array {
  const size = s.deltaSize;
  const [raw, z] = deltaInputs(s, block, x);
  const [alpha, beta] = deltaGates(s, block, x);
  const conv = block("ssm_conv1d.weight")!;
  state.conv.push(raw);
  const mixed = raw.map((_, c) => {
    let sum = 0;
    for (let tap = 0; tap < 4; tap++) sum += conv.row(c)[tap]! * (state.conv.at(tap - 4)?.[c] ?? 0);
    return silu(sum);
  });
  const out = Array.from({ length: s.valueHeads }, (_, h) => {
    state.matrices[h] ??= new Float64Array(size * size);
    const keyHead = s.groupedHeads ? Math.floor(h / (s.valueHeads / s.keyHeads)) : h % s.keyHeads;
    const o = deltaRule(state.matrices[h], {
      q: l2Norm(part(mixed, keyHead, size), s.epsilon),
      k: l2Norm(part(mixed, s.keyHeads + keyHead, size), s.epsilon),
      v: part(mixed, 2 * s.keyHeads + h, size),
      g: block("ssm_a")!.row(0)[h]! * softplus(alpha[h]! + block("ssm_dt.bias")!.row(0)[h]!),
      beta: sigmoid(beta[h]!),
    });
    const gate = part(z, h, size);
    return rmsNorm(o, block("ssm_norm.weight")!.row(0), s.epsilon).map((u, d) => u * silu(gate[d]!));
  });
  return block("ssm_out.weight")!.times(join(out));
}

/** A joined projection, a piece for each key head: of each piece the rows `from` to `to`, in units of `unit` rows. */
const ofEachKeyHead = (s: Shape, y: Float64Array, unit: number, from: number, to: number): Float64Array =>
  join(
    Array.from({ length: s.keyHeads }, (_, k) =>
      part(y, k, y.length / s.keyHeads).subarray(from * unit, to * unit),
    ),
  );

/** q, k and v before the convolution, and z. */
function deltaInputs(s: Shape, block: Tensors, x: Row): [Float64Array, Float64Array] {
  const all = block("ssm_in.weight")?.times(x);
  if (!all) return [block("attn_qkv.weight")!.times(x), block("attn_gate.weight")!.times(x)];
  const each = s.valueHeads / s.keyHeads;
  const heads = (from: number, to: number) => ofEachKeyHead(s, all, s.deltaSize, from, to);
  return [join([heads(0, 1), heads(1, 2), heads(2, 2 + each)]), heads(2 + each, 2 + 2 * each)];
}

/** α and β before their nonlinearities. */
function deltaGates(s: Shape, block: Tensors, x: Row): [Float64Array, Float64Array] {
  const both = block("ssm_ba.weight")?.times(x);
  if (!both) return [block("ssm_alpha.weight")!.times(x), block("ssm_beta.weight")!.times(x)];
  const each = s.valueHeads / s.keyHeads;
  return [ofEachKeyHead(s, both, 1, each, 2 * each), ofEachKeyHead(s, both, 1, 0, each)];
}

/** NETWORK.md 3.6 and 3.7. */
export function feedForward(s: Pick<Shape, "used">, block: Tensors, x: Row): Float64Array {
  const network = (suffix: string, expert = 0, of = 1): Float64Array => {
    const [gate, up, down] = ["gate", "up", "down"].map((it) => block(`ffn_${it}${suffix}.weight`)!);
    const width = down!.columns;
    const inner = gate!.times(x, expert * width, of === 1 ? undefined : width);
    const raised = up!.times(x, expert * width, of === 1 ? undefined : width);
    const gated = inner.map((value, i) => silu(value) * raised[i]!);
    return down!.times(gated, expert * x.length, x.length);
  };
  const router = block("ffn_gate_inp.weight");
  if (!router) return network("");
  const scores = router.times(x);
  const highest = Math.max(...scores);
  const likelihoods = scores.map((score) => Math.exp(score - highest));
  const all = likelihoods.reduce((sum, p) => sum + p, 0);
  const order = [...likelihoods.keys()].sort((a, b) => likelihoods[b]! - likelihoods[a]! || a - b);
  const chosen = order.slice(0, s.used);
  const share = Math.max(
    chosen.reduce((sum, e) => sum + likelihoods[e]! / all, 0),
    2 ** -14,
  );
  let y: Float64Array = new Float64Array(x.length);
  for (const e of chosen) {
    const weight = likelihoods[e]! / all / share;
    y = add(
      y,
      network("_exps", e, scores.length).map((value) => value * weight),
    );
  }
  const sharedGate = block("ffn_gate_inp_shexp.weight");
  if (!sharedGate) return y;
  const open = sigmoid(dot(sharedGate.row(0), x));
  return add(
    y,
    network("_shexp").map((value) => value * open),
  );
}

/** NETWORK.md 4.1: row p takes id p and the trunk's row before it, zeros before the first. */
function runMtp(
  network: Network,
  block: Tensors,
  ids: readonly number[],
  hidden: readonly Float64Array[],
): Float64Array[] {
  const { epsilon } = network;
  const norm = (name: string, x: Row) => rmsNorm(x, block(`nextn.${name}.weight`)!.row(0), epsilon);
  const embedding = block("nextn.embed_tokens.weight") ?? network.embedding;
  const head = block("nextn.shared_head_head.weight") ?? network.head;
  const state = newState();
  return ids.map((id, p) => {
    const before = hidden[p - 1] ?? new Float64Array(embedding.columns);
    const joined = join([norm("enorm", embedding.row(id)), norm("hnorm", before)]);
    const x = network.runBlock(block, state, block("nextn.eh_proj.weight")!.times(joined), p);
    return head.times(norm("shared_head_norm", x));
  });
}
