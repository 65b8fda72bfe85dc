// One change to a model file's header, as writers, disks and people make them.
import { blockFormatOfId } from "../../engine/gguf/block_formats.ts";
import type { Random } from "./random.ts";
import { type RawGguf, type RawTensor, rawGgufBytes } from "./read_gguf.ts";
import type { MetadataPair, Scalar, ValueType } from "./write_gguf.ts";

export interface Mutation {
  /** What was changed, for messages. */
  readonly what: string;
  /** The metadata key that was changed; undefined: tensors were, or their order. "any": a bit, of whatever it was. */
  readonly key?: string;
  readonly bytes: Uint8Array;
}

/** Keys whose value makes another model, as sound as the one before. Shapes are not among them: tensors have them too. */
const FREE = [
  /\.(context_length|expert_used_count|full_attention_interval|nextn_predict_layers)$/,
  /\.attention\.(layer_norm_rms_epsilon|scale|sliding_window|recurrent_layers)$/,
  /\.rope\.(dimension_count|freq_base|scaling\.\w+)$/,
  /\.(embedding|residual|logit)_scale$/,
  /^tokenizer\./,
  /^any$/,
];

/** Whether the change may make another model. */
export const mayDiffer = ({ key }: Mutation): boolean => key !== undefined && FREE.some((it) => it.test(key));

const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)]!;

/** Values at and beyond the ends of what a number can be. */
const EDGES: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  3,
  7,
  255,
  256,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  1e-40,
  1e-38,
  1e30,
  3.4e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const TEXTS: readonly string[] = [
  "",
  "x",
  "default",
  "llama",
  "gpt2",
  "\u001b[31mred\u001b[0m\r\n",
  "{% for x in y %}",
  "{{ messages[0].content }}{{ 1/0 }}",
  "\u202e",
  "0",
  "../../etc/passwd",
  "a".repeat(3000),
];
const INTEGERS: readonly ValueType[] = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"];

/** A value as near as its type allows: Node's writers refuse what does not fit. */
function fitting(type: ValueType, value: Scalar): Scalar {
  if (type === "string") return String(value);
  if (type === "bool") return Boolean(Number(value));
  const number = Number(value);
  if (type === "f32" || type === "f64") return number;
  const bits = Number(type.slice(1));
  const whole = Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n;
  const wrapped = type.startsWith("u") ? BigInt.asUintN(bits, whole) : BigInt.asIntN(bits, whole);
  return bits === 64 ? wrapped : Number(wrapped);
}

const list = (value: MetadataPair[2]): readonly Scalar[] =>
  Array.isArray(value) ? value : [value as Scalar];

/** Another value, type, length or order for one key; or the key gone, or there twice under another name. */
function mutatePair([key, type, value]: MetadataPair, random: Random): [string, MetadataPair[]] {
  const values = list(value);
  const kind = pick(random, ["value", "value", "type", "length", "order", "gone", "renamed", "nested"]);
  const of = (changed: MetadataPair[2], as: ValueType = type): MetadataPair => [
    key,
    as,
    Array.isArray(changed) ? changed.map((it) => fitting(as, it)) : fitting(as, changed as Scalar),
  ];
  const other = (now: Scalar): Scalar => {
    if (type === "string") return random() < 0.3 ? `${now}\u0000x` : pick(random, TEXTS);
    if (type === "bool") return !now;
    const number = Number(now);
    return pick(random, [...EDGES, number + 1, number - 1, number * 2, number / 2, -number, number * 1000]);
  };
  switch (kind) {
    case "value": {
      const at = Math.floor(random() * Math.max(1, values.length));
      const changed = values.map((it, i) => (i === at ? other(it) : it));
      return [`value ${at}`, [of(Array.isArray(value) ? changed : (changed[0] ?? 0))]];
    }
    case "type": {
      const as = pick(random, [...INTEGERS, "f32", "f64", "bool", "string"] as const);
      return [`type ${as}`, [of(value, as)]];
    }
    case "length": {
      const lengths = [0, 1, values.length - 1, values.length + 1, 2 * values.length];
      const length = Math.max(0, pick(random, lengths));
      const changed = Array.from({ length }, (_, i) => values[i % Math.max(1, values.length)] ?? 0);
      return [`length ${length}`, [of(changed)]];
    }
    case "order": {
      if (values.length < 2) return ["as an array", [of([...values])]];
      const [a, b] = [0, 0].map(() => Math.floor(random() * values.length)) as [number, number];
      const changed = values.map((it, i) => (i === a ? values[b]! : i === b ? values[a]! : it));
      return [`order ${a} ${b}`, [of(changed)]];
    }
    case "gone":
      return ["gone", []];
    case "renamed":
      return ["renamed", [[`${key}x`, type, value]]];
    default:
      return ["twice", [of(value), [`${key}.1`, type, value]]];
  }
}

// Of types with as many bits a weight, as Q4_0 and Q4_K, nobody can tell one from the other.
const TYPES = [0, 1, 2, 8, 12, 14, 16, 24, 30, 39, 40, 99];
const bitsOf = (id: number): number => {
  const format = blockFormatOfId(id);
  return format ? format.bytes / format.elements : 0;
};

function mutateTensor(tensor: RawTensor, random: Random): [string, RawTensor[]] {
  const { dims, offset } = tensor;
  const changed = (change: Partial<RawTensor>) => [{ ...tensor, ...change }];
  const at = Math.floor(random() * dims.length);
  const by = (dim: number) =>
    Math.max(0, Math.trunc(pick(random, [dim + 1, dim - 1, dim * 2, dim / 2, 0, 2 ** 40])));
  const shapes = [
    dims.toReversed(),
    dims.map((dim, i) => (i === at ? by(dim) : dim)),
    [...dims, 1],
    dims.slice(1),
    dims.slice(0, 1),
  ];
  return pick(random, [
    ["shape", changed({ dims: pick(random, shapes) })],
    [
      "type",
      changed({
        type: pick(
          random,
          TYPES.filter((id) => bitsOf(id) !== bitsOf(tensor.type)),
        ),
      }),
    ],
    [
      "offset",
      changed({ offset: Math.max(0, Number(offset) + pick(random, [1, -1, 4, 32, -32, 64, 2 ** 40])) }),
    ],
    ["name", changed({ name: `${tensor.name}x` })],
    ["gone", []],
    ["twice", [tensor, { ...tensor, name: `${tensor.name}.scale` }]],
  ] satisfies [string, RawTensor[]][]);
}

/** The file with one thing changed: mostly in the metadata, else in the directory of tensors, in the order of either, or in a byte. */
export function mutated(file: RawGguf, random: Random): Mutation {
  const { metadata, tensors } = file;
  const dice = random();
  if (dice < 0.7) {
    const at = Math.floor(random() * metadata.length);
    const [what, pairs] = mutatePair(metadata[at]!, random);
    const key = metadata[at]![0];
    const bytes = rawGgufBytes({ ...file, metadata: metadata.toSpliced(at, 1, ...pairs) });
    return { what: `${key}: ${what}`, key, bytes };
  }
  if (dice < 0.85) {
    const at = Math.floor(random() * tensors.length);
    const [what, changed] = mutateTensor(tensors[at]!, random);
    const bytes = rawGgufBytes({ ...file, tensors: tensors.toSpliced(at, 1, ...changed) });
    return { what: `${tensors[at]!.name}: ${what}`, bytes };
  }
  if (dice < 0.9) {
    const shuffled = { ...file, metadata: metadata.toReversed(), tensors: tensors.toReversed() };
    return { what: "keys and tensors in another order", bytes: rawGgufBytes(shuffled) };
  }
  const bytes = Uint8Array.from(rawGgufBytes(file));
  const header = bytes.length - file.data.length;
  const at = Math.floor(random() * header);
  bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
  return { what: `bit of byte ${at}`, key: "any", bytes };
}
