import { Evaluator, Rounds, type Session, widthFor } from "../../generate/index.ts";
import type { Plan } from "../../gpu/index.ts";
import {
  acceptanceBuckets,
  createDraftBuffers,
  createDrawBuffers,
  draftIds,
  draftWords,
  greedy,
  maxRows,
  type RoundRecord,
  readRecord,
  recordDraftChain,
  recordDraw,
  samplingWords,
  stepBuffer,
  stepWords,
} from "../../model/index.ts";
import { createRollback, type RollbackName } from "../../state/index.ts";
import type { OpenModel } from "../commands/index.ts";
import { median } from "../commands/index.ts";
import { draftPrompts } from "./prompts.ts";
import { decodeRate, generateFrom } from "./start.ts";

/** What a pass over several rows costs, with its samples, in times of a pass over one. */
export interface VerifyCost {
  readonly rows: number;
  readonly ms: number;
  readonly ratio: number;
  /** Milliseconds of each counted pass, of which `ms` is the median. */
  readonly times: readonly number[];
}

export interface StrategyReport {
  readonly strategy: RollbackName;
  /** Share of drafts that are the text's own. */
  readonly acceptance: number;
  readonly tokensPerSecond: number;
  readonly ratio: number;
  readonly roundMs: number;
  /** A round whose drafts are all accepted, and rounds with 1, 2, … rejected, with the round after them. */
  readonly acceptedMs: number;
  readonly rejectedMs: readonly number[];
}

const verifyRows = [...Array.from({ length: 16 }, (_, i) => i + 1), 32, maxRows];
const repetitions = 8;

/**
 * Times passes of the row path with a sample from each row. The text is forgotten.
 * @param counts rows of the passes, the first of which the ratios are to
 * @param mayGoOn asked before each; those after a no are left out
 */
export async function verifyCosts(
  evaluator: Evaluator,
  counts: readonly number[] = verifyRows,
  mayGoOn: () => boolean = () => true,
): Promise<VerifyCost[]> {
  const rounds = new Rounds(evaluator, maxRows);
  evaluator.reset();
  await evaluator.sequence.prepare();
  const costs: VerifyCost[] = [];
  try {
    for (const rows of counts) {
      if (!mayGoOn()) break;
      const plan = await rounds.plan({ rows, sampled: false });
      const times = await passTimes(evaluator, plan, { rows });
      const ms = median(times);
      costs.push({ rows, ms, ratio: ms / (costs[0]?.ms ?? ms), times });
    }
  } finally {
    rounds.free();
  }
  return costs;
}

/**
 * Milliseconds of passes over `rows` rows that follow `position` others, by `now`. A first pass is not counted. What lies at those
 * positions is not written before: it costs the same.
 */
export async function passTimes(
  evaluator: Evaluator,
  plan: Plan,
  {
    rows,
    position = 0,
    now = () => performance.now(),
  }: { rows: number; position?: number; now?: () => number },
): Promise<number[]> {
  const { gpu, workspace } = evaluator;
  const ids = Array.from({ length: rows }, (_, i) => (i * 31) % 256);
  const times: number[] = [];
  for (let i = 0; i <= repetitions; i++) {
    gpu.device.queue.writeBuffer(workspace.step, 0, stepWords(position, ids, { budget: maxRows }));
    const started = now();
    evaluator.run(plan, { positions: position + rows, replay: 0 });
    await gpu.idle();
    if (i > 0) times.push(now() - started);
  }
  return times;
}

const textTokens = 160;

/**
 * The three ways of undoing drafts under the same conditions: the MTP chain runs for its cost, into a step state that is not
 * read, and the pass verifies the text's own tokens, each replaced by a wrong one with a probability of 1 − acceptance.
 */
export async function strategies(open: OpenModel, links: number): Promise<StrategyReport[]> {
  const { session, tokenizer } = open;
  const prompt = tokenizer.encode(draftPrompts["code, TypeScript"]!, { special: false });
  const text: number[] = [];
  const maxTokens = Math.min(textTokens + links, session.evaluator.context - prompt.length);
  for await (const { token } of session.generate(prompt, { maxTokens, drafts: "off" })) text.push(token);
  const reports: StrategyReport[] = [];
  const all: Harness[] = [];
  try {
    for (const strategy of ["tape", "planes", "replay"] as const)
      all.push(await createHarness(open, strategy, links));
    for (const acceptance of [0.9, 0.7, 0.4])
      reports.push(...(await compareAt(acceptance, session, all, prompt, text)));
  } finally {
    for (const harness of all) harness.free();
  }
  return reports;
}

/** One share of accepted drafts, the strategies and plain decoding in turns; the first turn warms up. */
async function compareAt(
  acceptance: number,
  session: Session,
  harnesses: readonly Harness[],
  prompt: readonly number[],
  text: readonly number[],
): Promise<StrategyReport[]> {
  const rates = harnesses.map((): { ms: number; tokens: number; rounds: number }[] => []);
  const plain: number[] = [];
  for (let run = 0; run < 4; run++) {
    const options = { maxTokens: text.length, drafts: "off" } as const;
    const { timings } = await generateFrom("cold prompt", session, prompt, options);
    if (run > 0) plain.push(1000 / decodeRate(timings));
    for (const [i, harness] of harnesses.entries()) {
      const one = await harness.write(prompt, text, acceptance);
      if (run > 0) rates[i]!.push(one);
    }
  }
  const reports: StrategyReport[] = [];
  for (const [i, { strategy, rejected }] of harnesses.entries()) {
    const perToken = median(rates[i]!.map(({ ms, tokens }) => ms / tokens));
    const [acceptedMs, ...rejectedMs] = await rejected(prompt, text);
    reports.push({
      strategy,
      acceptance,
      tokensPerSecond: 1000 / perToken,
      ratio: median(plain) / perToken,
      roundMs: median(rates[i]!.map(({ ms, rounds }) => ms / rounds)),
      acceptedMs: acceptedMs!,
      rejectedMs,
    });
  }
  return reports;
}

interface Harness {
  readonly strategy: RollbackName;
  write(
    prompt: readonly number[],
    text: readonly number[],
    acceptance: number,
  ): Promise<{ ms: number; tokens: number; rounds: number }>;
  /** Milliseconds of a round with 0, 1, … `links` drafts rejected, each with the round after it, halved. */
  rejected(prompt: readonly number[], text: readonly number[]): Promise<number[]>;
  free(): void;
}

async function createHarness(
  { gpu, model, h, session }: OpenModel,
  strategy: RollbackName,
  links: number,
): Promise<Harness> {
  const { context } = session.evaluator;
  const rollback = createRollback(strategy, links + 1);
  const evaluator = new Evaluator(gpu, model, {
    context,
    rollback: strategy,
    planes: links + 1,
    mtp: model.mtp !== undefined,
  });
  const { sequence, workspace } = evaluator;
  const draw = createDrawBuffers(gpu, h.vocabulary, links + 1);
  const draft = createDraftBuffers(gpu, h.vocabulary);
  const aside = stepBuffer(gpu); // where the chain's drafts go
  const { queue } = gpu.device;
  queue.writeBuffer(draw.sampling, 0, samplingWords(greedy, []));
  queue.writeBuffer(draft.ids, 0, draftIds(h.vocabulary, draft.ids.size / 4, [], []));
  const settings = { most: links, cut: [], acceptance: new Array<number>(acceptanceBuckets).fill(1) };
  queue.writeBuffer(draft.settings, 0, draftWords(settings));
  const width = widthFor(links + 1);
  const path = { kind: "rows", width } as const;
  const plan: Plan = await evaluator.plan("bench round", path, (pass) => {
    if (evaluator.mtp) recordDraftChain({ ...pass, step: aside }, model, draw, draft, { width, links });
    evaluator.recordPass(pass, { mtp: false });
    recordDraw(pass, model, draw, { sampled: false });
  });
  await sequence.prepare();

  async function begin(prompt: readonly number[]): Promise<void> {
    evaluator.reset();
    for (let at = 0; at < prompt.length; at += maxRows) {
      await evaluator.pass(prompt.slice(at, at + maxRows), { kind: "prompt", logits: "none" });
    }
    queue.writeBuffer(draw.mtp, 0, stepWords(prompt.length, [prompt.at(-1)!]));
  }
  /** One round: `tokens`, the first of which is committed. */
  async function round(tokens: readonly number[]): Promise<RoundRecord> {
    const { position, standing } = sequence;
    queue.writeBuffer(workspace.step, 0, stepWords(position, tokens, { ...standing, budget: 1000 }));
    queue.writeBuffer(aside, 0, stepWords(position, tokens.slice(0, 1), { budget: 1000 }));
    const use = { positions: position + tokens.length, replay: links };
    const before = (encoder: GPUCommandEncoder) => {
      if (rollback.checkpoint) sequence.encodeCheckpoint(encoder);
    };
    evaluator.run(plan, use, { before });
    const record = readRecord(new Uint32Array(await gpu.read(draw.record)))!;
    if (!sequence.passed(tokens.length, record.draws.length)) {
      sequence.restoreCheckpoint(position);
      await evaluator.pass(tokens.slice(0, record.draws.length), {
        kind: "rows",
        logits: "none",
        mtp: false,
      });
    }
    return record;
  }
  const wrong = (id: number) => (id === 1 ? 2 : 1);
  return {
    strategy,
    async write(prompt, text, acceptance) {
      await begin(prompt);
      let state = 99;
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      };
      let at = 0;
      let rounds = 0;
      await gpu.idle();
      const started = performance.now();
      while (at + 1 + links < text.length) {
        const drafts = text
          .slice(at + 1, at + 1 + links)
          .map((id) => (random() < acceptance ? id : wrong(id)));
        at += (await round([text[at]!, ...drafts])).draws.length;
        rounds++;
      }
      await gpu.idle();
      return { ms: performance.now() - started, tokens: at, rounds };
    },
    async rejected(prompt, text) {
      const times = Array.from({ length: links + 1 }, (): number[] => []);
      for (let run = 0; run < 3; run++) {
        await begin(prompt);
        let at = 0;
        for (let i = 0; at + 2 * (links + 1) < Math.min(text.length, 100); i++) {
          const rejected = i % (links + 1);
          await gpu.idle();
          const started = performance.now();
          for (const bad of [rejected, 0]) {
            const drafts = text
              .slice(at + 1, at + 1 + links)
              .map((id, depth) => (depth < links - bad ? id : wrong(id)));
            at += (await round([text[at]!, ...drafts])).draws.length;
          }
          await gpu.idle();
          if (run > 0) times[rejected]!.push((performance.now() - started) / 2);
        }
      }
      return times.map(median);
    },
    free() {
      for (const buffer of [...Object.values(draw), ...Object.values(draft), aside]) gpu.free(buffer);
      evaluator.free();
    },
  };
}
