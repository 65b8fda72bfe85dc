import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BLOCK_FORMATS } from "../../../engine/gguf/index.ts";
import { modelPath, projectRoot } from "../../../engine/model_file/index.ts";
import { mayDiffer, mutated } from "../../reference/mutate_gguf.ts";
import { publishedHeaders } from "../../reference/published_headers.ts";
import type { Random } from "../../reference/random.ts";
import { type RawGguf, rawGgufBytes, readRawGguf } from "../../reference/read_gguf.ts";
import type { MetadataPair } from "../../reference/write_gguf.ts";
import { bytesOf, type HeaderFile, publishedFile, TOY } from "../../reference/write_header.ts";
import * as shapes from "../../reference/write_model.ts";
import { changed, type Files, type Input, type Kind, requireSentence, soundInput } from "../kind.ts";
import { mutateBytes } from "../mutate_bytes.ts";
import { inMemory, type Reading, readingOf, requireSameReading } from "./model_reading.ts";

interface Base {
  readonly files: Files;
  /** The file that is opened. */
  readonly path: string;
  /** Zeros behind each file, which stand for weights. */
  readonly tail: number;
}

const QUANTS = ["IQ4_XS", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"];

const fixture = (quant: string): Promise<Buffer> =>
  readFile(join(projectRoot(), `test/fixtures/models/micro-${quant}.gguf`));

/** A model of each architecture by our writer, small enough to be copied thousands of times; `quick`: of four. */
async function writtenModels(quick: boolean): Promise<Uint8Array[]> {
  const { MIXTURE, QWEN2_STRETCHED, LLAMA_MIXTURE, GRANITE } = shapes;
  const small = Object.values(shapes).filter(
    (it): it is shapes.ModelShape =>
      typeof it === "object" && it.embedding <= 512 && it.vocabulary <= 1024 && it.feedForward <= 1024,
  );
  const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
  const path = join(folder, "model.gguf");
  const files: Uint8Array[] = [];
  for (const shape of quick ? [MIXTURE, QWEN2_STRETCHED, LLAMA_MIXTURE, GRANITE] : small) {
    const blocks = Math.min(shape.blocks, 4);
    await shapes.writeModel(path, { ...shape, blocks }, () => "Q8_0", 1, { distinctRows: 1 });
    files.push(await readFile(path));
  }
  await rm(folder, { recursive: true });
  return files;
}

const SHORT_VOCABULARY = 600;

/** A published header with the first tokens of its vocabulary: the others would cost its reader a second each time. */
function shortened({ metadata, tensors }: HeaderFile): Base {
  const cut = metadata.map((pair): MetadataPair => {
    const [key, type, value] = pair;
    const isLong = Array.isArray(value) && value.length > SHORT_VOCABULARY && key !== "tokenizer.ggml.merges";
    return isLong ? [key, type, value.slice(0, SHORT_VOCABULARY)] : pair;
  });
  let offset = 0;
  const directory = tensors.map((tensor) => {
    const type =
      typeof tensor.type === "number"
        ? tensor.type
        : BLOCK_FORMATS.find(({ type: name }) => name === tensor.type)!.id;
    const line = { ...tensor, type, offset };
    offset += Math.ceil(bytesOf(tensor) / 32) * 32;
    return line;
  });
  const bytes = rawGgufBytes({ metadata: cut, tensors: directory, data: new Uint8Array() });
  return { files: { "model.gguf": bytes }, path: "model.gguf", tail: offset };
}

/** The parts of a split model. */
function parts(model: RawGguf, count: number): Files {
  const { metadata, tensors, data } = model;
  const share = Math.ceil(tensors.length / count);
  return Object.fromEntries(
    Array.from({ length: count }, (_, no) => {
      const own = tensors.slice(no * share, (no + 1) * share);
      const from = Number(own[0]!.offset);
      const end = Number(tensors[(no + 1) * share]?.offset ?? data.length);
      const keys: MetadataPair[] = [
        ["split.no", "u16", no],
        ["split.count", "u16", count],
        ["split.tensors.count", "i32", tensors.length],
      ];
      const bytes = rawGgufBytes({
        metadata: [...(no === 0 ? metadata : []), ...keys],
        tensors: own.map((tensor) => ({ ...tensor, offset: Number(tensor.offset) - from })),
        data: data.subarray(from, end),
      });
      return [`model-${String(no + 1).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`, bytes];
    }),
  );
}

/** A model whose MTP block is in a file of its own. */
function withMtpFile(model: RawGguf): Files {
  const keyOf = (name: string) => model.metadata.find(([key]) => key.endsWith(name))!;
  const block = `blk.${Number(keyOf(".block_count")[2]) - 1}.`;
  const keep = (wanted: boolean) => {
    const own = model.tensors.filter(({ name }) => name.startsWith(block) === wanted);
    const pieces = own.map((tensor) => {
      const next = model.tensors[model.tensors.indexOf(tensor) + 1];
      return model.data.subarray(Number(tensor.offset), Number(next?.offset ?? model.data.length));
    });
    let offset = 0;
    const tensors = own.map((tensor, i) => {
      const line = { ...tensor, offset };
      offset += pieces[i]!.length;
      return line;
    });
    return { tensors, data: Buffer.concat(pieces) };
  };
  const trunk = model.metadata.map((pair): MetadataPair => {
    if (pair[0].endsWith(".block_count")) return [pair[0], pair[1], Number(pair[2]) - 1];
    return pair[0].endsWith(".nextn_predict_layers") ? [pair[0], pair[1], 0] : pair;
  });
  return {
    "model.gguf": rawGgufBytes({ metadata: trunk, ...keep(false) }),
    "mtp-model.gguf": rawGgufBytes({ metadata: model.metadata, ...keep(true) }),
  };
}

/** A kind whose inputs are models: one file, or several that belong together. */
async function modelKind(
  name: string,
  bases: readonly Base[],
  mutate: (input: Input, random: Random, headers: readonly Readonly<Record<string, number>>[]) => Input,
  meansTheSame: (input: Input) => boolean,
): Promise<Kind> {
  const open = (input: Input): Promise<Reading> => {
    const { path, tail } = bases[input.base]!;
    return readingOf(path, inMemory(input.files, tail));
  };
  const sound = bases.map(({ files }, base) => soundInput(files, base));
  const before: string[] = [];
  for (const input of sound) {
    const reading = await open(input);
    if (!("meaning" in reading))
      throw new Error(`${name} ${input.base} is refused as it is: ${reading.sentence}`);
    before.push(reading.meaning);
  }
  const headers = bases.map(({ files }) =>
    Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, readRawGguf(bytes).end])),
  );
  return {
    name,
    sound,
    mutate: (input, random) => mutate(input, random, headers),
    async check(input) {
      const reading = await open(input);
      if ("sentence" in reading) {
        requireSentence(reading.sentence);
        return "refused";
      }
      const { tail, path } = bases[input.base]!;
      if (Object.keys(input.files).length === 1) await requireSameReading(path, input.files[path]!, tail);
      if (meansTheSame(input) && reading.meaning !== before[input.base])
        throw new Error(`another model\n${difference(before[input.base]!, reading.meaning)}`);
      return "read";
    },
  };
}

/** One change to one of the files: to what it says, where that can still be read, else to its bytes. */
function mutateGguf(
  input: Input,
  random: Random,
  headers: readonly Readonly<Record<string, number>>[],
): Input {
  const names = Object.keys(input.files);
  const name = names[Math.floor(random() * names.length)]!;
  const bytes = input.files[name]!;
  if (random() < 0.6) {
    try {
      const mutation = mutated(readRawGguf(bytes), random);
      return changed(input, name, mutation.bytes, mutation.what, mayDiffer(mutation));
    } catch {
      // It is broken already.
    }
  }
  const { what, bytes: broken } = mutateBytes(bytes, headers[input.base]![name]!, random);
  return changed(input, name, broken, what);
}

/** Where two texts part. */
function difference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at]) at++;
  return `${a.slice(Math.max(0, at - 60), at + 60)}\n${b.slice(Math.max(0, at - 60), at + 60)}`;
}

const alone = (bytes: Uint8Array): Base => ({ files: { "model.gguf": bytes }, path: "model.gguf", tail: 0 });

/**
 * Model files of one file: the fixtures, the embedded model, one of each architecture, and published headers.
 * `quick`: one fixture and one of each architecture.
 */
export async function singleFiles(quick: boolean): Promise<Kind> {
  const fixtures = await Promise.all((quick ? QUANTS.slice(0, 1) : QUANTS).map(fixture));
  const published: Base[] = [];
  for (const header of quick ? [] : publishedHeaders().values()) {
    const base = shortened(header);
    const reading = await readingOf(base.path, inMemory(base.files, base.tail));
    if ("meaning" in reading) published.push(base); // some of them are of no kind that runs
  }
  const bases = [
    ...fixtures.map(alone),
    ...(await writtenModels(quick)).map(alone),
    shortened(publishedFile(TOY, "Q4_K_M", true)),
    ...published,
    ...(quick ? [] : [alone(await readFile(modelPath("mini")))]),
  ];
  return modelKind("model files", bases, mutateGguf, ({ mayDiffer: may }) => !may);
}

/** Split models, of two and of five parts. */
export async function splitFiles(): Promise<Kind> {
  const bases = await Promise.all(
    [2, 5].map(async (count): Promise<Base> => {
      const files = parts(readRawGguf(await fixture("Q4_K_M")), count);
      return { files, path: Object.keys(files)[0]!, tail: 0 };
    }),
  );
  return modelKind("split models", bases, mutateGguf, ({ mayDiffer: may }) => !may);
}

/** Models with their MTP block in a file beside them, which may be anything: the text is the same without it. */
export async function mtpFiles(): Promise<Kind> {
  const files = withMtpFile(readRawGguf(await fixture("Q8_0")));
  const bases = [{ files, path: "model.gguf", tail: 0 }];
  return modelKind(
    "MTP files",
    bases,
    mutateGguf,
    ({ mayDiffer: may, changes }) => !may || changes.every((change) => change.startsWith("mtp-")),
  );
}
