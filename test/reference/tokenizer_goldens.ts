// Writes test/fixtures/text/fuzz_golden.json: what llama.cpp's tokenizer makes of the strings of test/fixtures/text/fuzz.ts
// and of each token of their vocabularies. With Node 24 or later, and node-llama-cpp 3.22.1:
//   node test/reference/tokenizer_goldens.ts FOLDER_OF_NODE_LLAMA_CPP
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOKEN_TYPE, type VocabularySource } from "../../engine/text/index.ts";
import { fuzzStrings } from "../fixtures/text/fuzz.ts";
import {
  characterBlocks,
  digest,
  digestsOf,
  type FuzzGolden,
  fuzzVocabularies,
  JOINS,
  SAMPLE_STEP,
} from "../fixtures/text/fuzz_golden.ts";
import { ALPHABET } from "../fixtures/text/vocabularies.ts";
import { openPeer } from "./peer.ts";
import { ggufBytes } from "./write_gguf.ts";

const [folder, out = "test/fixtures/text/fuzz_golden.json"] = process.argv.slice(2);
if (!folder) {
  console.error(
    "Say where node-llama-cpp is: node test/reference/tokenizer_goldens.ts node_modules/node-llama-cpp",
  );
  process.exit(2);
}

interface Model {
  tokenize(text: string, special: boolean): number[];
  detokenize(ids: readonly number[], special: boolean): string;
  isEogToken(id: number): boolean;
}
const llama = await openPeer(folder);

/** A file with this vocabulary and nothing else, which is all that llama.cpp is asked for. */
function vocabularyFile({
  kind = "gpt2",
  pre,
  tokens,
  types,
  merges,
  scores,
  addSpacePrefix = true,
  endIds,
}: VocabularySource): Uint8Array {
  const architecture = pre === "qwen35" ? "qwen35" : "qwen2";
  return ggufBytes({
    metadata: [
      ["general.architecture", "string", architecture],
      [`${architecture}.block_count`, "u32", 4],
      [`${architecture}.context_length`, "u32", 512],
      [`${architecture}.embedding_length`, "u32", 256],
      ["tokenizer.ggml.model", "string", kind],
      ...(kind === "gpt2"
        ? ([
            ["tokenizer.ggml.pre", "string", pre],
            ["tokenizer.ggml.merges", "string", merges],
          ] as const)
        : ([
            ["tokenizer.ggml.scores", "f32", Array.from(scores!)],
            ["tokenizer.ggml.add_space_prefix", "bool", addSpacePrefix],
          ] as const)),
      ["tokenizer.ggml.tokens", "string", tokens],
      ["tokenizer.ggml.token_type", "i32", Array.from(types)],
      ...endIds.slice(0, 1).map((id) => ["tokenizer.ggml.eos_token_id", "u32", id] as const),
      ["tokenizer.ggml.add_bos_token", "bool", false],
    ],
  });
}

const scratch = mkdtempSync(join(tmpdir(), "tokenizer-"));

async function load(name: string, source: VocabularySource): Promise<Model> {
  const modelPath = join(scratch, `${name}.gguf`);
  writeFileSync(modelPath, vocabularyFile(source));
  return llama.loadModel({ modelPath, gpuLayers: 0, vocabOnly: true });
}

/** Merges the heads with any byte after them, so that the first id tells whether the two are of one piece. */
function joiningVocabulary(pre: VocabularySource["pre"]): VocabularySource {
  const merges = JOINS.flatMap(({ head }) => ALPHABET.map((byte) => `${head} ${byte}`));
  const tokens = [...new Set([...ALPHABET, ...merges.map((merge) => merge.replace(" ", ""))])];
  return { pre, tokens, types: tokens.map(() => TOKEN_TYPE.normal), merges, endIds: [], fimIds: {} };
}

const strings = fuzzStrings();
const golden: FuzzGolden = { llamaCpp: llama.llamaCppRelease.release, vocabularies: {}, classes: "" };
try {
  const joins: ((char: string) => boolean)[] = [];
  for (const { pre, head } of JOINS) {
    const model = await load(`joining ${pre}`, joiningVocabulary(pre));
    joins.push((char) => model.tokenize(head + char, false)[0]! >= ALPHABET.length);
  }
  golden.classes = characterBlocks()
    .map((chars) => digest(chars.flatMap((char) => joins.map((joined) => Number(joined(char))))))
    .join("");

  for (const [name, source] of Object.entries(await fuzzVocabularies())) {
    const model = await load(name, source);
    const ids = (special: boolean) => strings.map((text) => model.tokenize(text, special));
    const texts = (special: boolean) => source.tokens.map((_, id) => model.detokenize([id], special));
    const [plain, special] = [ids(false), ids(true)];
    golden.vocabularies[name] = {
      plain: digestsOf(plain).join(""),
      special: digestsOf(special).join(""),
      sample: plain.filter((_, i) => i % SAMPLE_STEP === 0),
      texts: digest(texts(false)),
      specialTexts: digest(texts(true)),
      ends: source.tokens.flatMap((_, id) => (model.isEogToken(id) ? [id] : [])),
    };
    console.log(`${name}: ${source.tokens.length} tokens, ${plain.flat().length} ids`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
writeFileSync(out, `${JSON.stringify(golden)}\n`);
process.exit(0); // llama.cpp's threads may outlive their model
