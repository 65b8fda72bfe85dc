// Compares the ids of whole published vocabularies with llama.cpp's, on the strings of test/fixtures/text/fuzz.ts and each
// line of the real code in test/fixtures/corpus. By hand, with Node 24 or later, node-llama-cpp 3.22.1, and GGUF files
// that have a vocabulary (llama.cpp's repository has some in `models`):
//   node test/reference/compare_tokenizers.ts FOLDER_OF_NODE_LLAMA_CPP FILE...
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openGguf } from "../../engine/gguf/index.ts";
import { createTokenizer, vocabularyFrom } from "../../engine/text/index.ts";
import { fuzzStrings } from "../fixtures/text/fuzz.ts";
import { openPeer } from "./peer.ts";

const SHOWN = 5; // differences of a file
const CORPUS = "test/fixtures/corpus";

const [folder, ...files] = process.argv.slice(2);
if (!folder || files.length === 0) {
  console.error(
    "Say where node-llama-cpp is, then files: node test/reference/compare_tokenizers.ts node_modules/node-llama-cpp FILE...",
  );
  process.exit(2);
}
const llama = await openPeer(folder);

const sources = readdirSync(CORPUS, { recursive: true, encoding: "utf8" })
  .map((name) => join(CORPUS, name))
  .filter((path) => statSync(path).isFile())
  .map((path) => readFileSync(path, "utf8"));
const lines = [...new Set(sources.flatMap((text) => text.split(/(?<=\n)/)))];
const strings = [...fuzzStrings(), ...lines, ...sources.map((text) => text.slice(0, 20_000))];

let failed = false;
for (const path of files) {
  await using file = await openGguf(path);
  const tokenizer = createTokenizer(vocabularyFrom(file));
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, vocabOnly: true });
  let ids = 0;
  const wrong = strings.filter((text) => {
    // A text of a control token is text here, whatever SentencePiece's merges make of it there.
    if (tokenizer.controlTexts.some((control) => text.includes(control))) return false;
    const ours = tokenizer.encode(text, { special: false, begins: true });
    ids += ours.length;
    return ours.join() !== Array.from(model.tokenize(text, false)).join();
  });
  const texts = Array.from({ length: tokenizer.size }, (_, id) => id).filter(
    (id) => tokenizer.piece(id).trim() !== model.detokenize([id], true).trim(),
  );
  console.log(
    `${path}: ${strings.length} strings, ${ids} ids, ${wrong.length} differ; ${texts.length} texts`,
  );
  for (const text of wrong.slice(0, SHOWN))
    console.log(
      JSON.stringify(text),
      tokenizer.encode(text, { special: false, begins: true }).map(tokenizer.piece),
      Array.from(model.tokenize(text, false) as number[], tokenizer.piece),
    );
  for (const id of texts.slice(0, SHOWN))
    console.log(id, JSON.stringify([tokenizer.piece(id), model.detokenize([id], true)]));
  failed ||= wrong.length > 0 || texts.length > 0;
  await model.dispose();
}
process.exit(failed ? 1 : 0); // llama.cpp's threads may outlive their model
