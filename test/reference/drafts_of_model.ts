// Drafts with a whole model's weights: whether its texts stay those of plain decoding, bit for bit (I1), for each drafter and
// each way of undoing drafts, and how many drafts it accepts on real code, prose, data and an edit. By hand:
//   node test/reference/drafts_of_model.mjs MODEL [PART OF A TEXT'S NAME] [lavapipe]
// 135M weights on lavapipe and two idle cores take half an hour. Ends with 1 where a text differs.
import { readFileSync } from "node:fs";
import {
  type DraftStatistics,
  type GenerateOptions,
  openSession,
  type Session,
} from "../../engine/generate/index.ts";
import { openGpu } from "../../engine/gpu/index.ts";
import { type Draw, greedy, loadModel, type Sampling } from "../../engine/model/index.ts";
import { openModelFile } from "../../engine/model_file/index.ts";
import type { RollbackName } from "../../engine/state/index.ts";
import { chatPrompt } from "../../engine/text/index.ts";
import { refactorMessages } from "../../extension/refactor/request.ts";
import { stateHash } from "../gpu/support/state.ts";
import { seededRandom } from "./random.ts";

const PROMPT = 64; // tokens
const WRITTEN = 48;
const LONGEST = 7; // tokens of a draft: a pass of eight rows
const CONTEXT = 1024;
const SEED = 4711;
const samplings: Readonly<Record<string, Sampling>> = {
  greedy,
  sampled: { temperature: 0.8, topK: 40, topP: 0.95, minP: 0, seed: 11 },
};
const ways: readonly RollbackName[] = ["tape", "planes", "replay"];

const [path, part = "", device = "lavapipe"] = process.argv.slice(2);
if (!path) {
  console.error("Say which model: node test/reference/drafts_of_model.mjs MODEL.gguf");
  process.exit(2);
}
const { file, tokenizer } = await openModelFile(path);
using gpu = await openGpu({ device });
const model = await loadModel(gpu, file);

interface Case {
  readonly name: string;
  readonly prompt: readonly number[];
  /** What the answer is a changed copy of, where the user has asked for an edit. */
  readonly original?: readonly number[];
}

const encode = (text: string) => tokenizer.encode(text, { special: false });

/** `PROMPT` tokens of a file from the line at a share of its length on. */
function piece(name: string, at: number): Case {
  const text = readFileSync(name, "utf8");
  const start = text.indexOf("\n", Math.floor(at * text.length)) + 1;
  return { name, prompt: encode(text.slice(start, start + 4000)).slice(0, PROMPT) };
}

const FUNCTION = `function longest(words) {
  let best = "";
  for (const word of words) {
    if (word.length > best.length) best = word;
  }
  return best;
}`;

/** What Refactor asks for this function; the model's answer begins with the code. */
function edit(instruction: string): Case {
  const place = { path: "words.js", languageId: "javascript", before: "", after: "", around: 0 };
  const messages = refactorMessages({ ...place, instruction, selected: FUNCTION });
  const ids = chatPrompt(tokenizer, messages, { enableThinking: false, addGenerationPrompt: true });
  // Without a chat template the edit is asked for in a comment.
  const prompt = ids ?? encode(`${FUNCTION}\n\n// ${instruction}\n`);
  return { name: `edit: ${instruction}`, prompt, original: encode(FUNCTION) };
}

const cases = [
  piece("engine/draft/cursor.ts", 0.3),
  piece("README.md", 0.2),
  piece("package.json", 0.6),
  edit("Rename best to found"),
  piece("engine/state/rollback.ts", 0.5),
  piece("ARCHITECTURE.md", 0.4),
  piece("engine/complete/stages/range.ts", 0.2),
  piece("CONTRIBUTING.md", 0.5),
  edit("Add a comment above each line"),
].filter(({ name }) => name.includes(part));

const open = (drafts: "off" | "ngram", rollback: RollbackName): Promise<Session> =>
  openSession(gpu, model, tokenizer, { context: CONTEXT, kvType: "f16", drafts, rollback, longest: LONGEST });

interface Written {
  readonly draws: readonly Draw[];
  readonly state: string;
  readonly drafts: DraftStatistics;
}

async function write(
  session: Session,
  prompt: readonly number[],
  options: Partial<GenerateOptions>,
): Promise<Written> {
  const stream = session.generate(prompt, { maxTokens: WRITTEN, endIds: tokenizer.endIds, ...options });
  const draws: Draw[] = [];
  for await (const draw of stream) draws.push(draw);
  return { draws, state: await stateHash(session.evaluator), drafts: stream.soFar.drafts };
}

const plain = await open("off", "tape");
const sessions = await Promise.all(ways.map(async (way) => [way, await open("ngram", way)] as const));
let differ = 0;
console.log(`${gpu.description}\n`);
console.log(
  "| text | | undone by | drafts of | accepted of drafted | tokens / passes | against plain |\n|---|---|---|---|---|---|---|",
);
for (const [index, { name, prompt, original }] of cases.entries()) {
  for (const [turn, [how, sampling]] of Object.entries(samplings).entries()) {
    const expected = await write(plain, prompt, { sampling });
    const random = seededRandom(SEED + index);
    // The text with some tokens wrong and some missing, as a drafter may offer it.
    const offered = expected.draws.flatMap(({ token }) =>
      random() < 0.1 ? [(token + 1) % model.h.vocabulary] : random() < 0.05 ? [] : [token],
    );
    const sources: Readonly<Record<string, Partial<GenerateOptions>>> = {
      ...(original && { "n-grams, the original": { original } }),
      "n-grams": {},
      "n-grams, ghost text": { ghost: offered },
      "n-grams, a near copy": { original: offered },
    };
    // Each drafter meets each way of undoing drafts, greedy and sampled, in one text out of three.
    for (const [at, [source, options]] of Object.entries(sources).entries()) {
      const [way, session] = sessions[(index + turn + at) % sessions.length]!;
      const { draws, state, drafts } = await write(session, prompt, { sampling, ...options });
      const same = JSON.stringify(draws) === JSON.stringify(expected.draws) && state === expected.state;
      if (!same) differ++;
      const counts = Object.entries(drafts.bySource).map(
        ([from, { accepted, drafted }]) => `${from} ${accepted} of ${drafted}`,
      );
      console.log(
        `| ${name} | ${how} | ${way} | ${source} | ${counts.join(", ") || "–"} | ${draws.length} / ${drafts.rounds} | ${same ? "equal" : "DIFFERS"} |`,
      );
    }
    console.log(`<!-- ${JSON.stringify(tokenizer.decode(expected.draws.map(({ token }) => token)))} -->`);
  }
}
for (const session of [plain, ...sessions.map(([, session]) => session)]) session.free();
model.free();
process.exitCode = differ > 0 ? 1 : 0;
