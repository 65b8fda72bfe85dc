import { type GenerationResult, openSession, type Session } from "../../generate/index.ts";
import type { OpenModel } from "../commands/index.ts";
import { median } from "../commands/index.ts";
import { requireSameCounts, runs, settingsOf, writeText } from "./drafts.ts";
import { draftPrompts } from "./prompts.ts";
import { decodeRate } from "./start.ts";

export interface EditReport {
  readonly tokens: number;
  readonly lines: number;
  /** Tokens of the original that were changed. */
  readonly changes: number;
  readonly plain: number;
  readonly withDrafts: number;
  readonly ratio: number;
  readonly drafted: number;
  readonly accepted: number;
  readonly rounds: number;
}

/** Tokens between changes: some three changes in a hundred, as when a name is changed throughout a file. */
const changeEvery = 32;

/**
 * `bench --suite edit`: writes a text that shares all but a few tokens with an original, as when a file is rewritten. The
 * text is what the model writes anyway, the original that text with changes, so that any model can be measured.
 */
export async function benchEdit(open: OpenModel): Promise<EditReport> {
  const session = await openEditSession(open);
  try {
    const { prompt, text, original } = await editedText(open, session);
    const maxTokens = text.length;
    const rates = { off: [] as number[], ngram: [] as number[] };
    let drafts: GenerationResult["drafts"] | undefined; // of the last run
    for (let run = 0; run <= runs; run++) {
      for (const mode of ["off", "ngram"] as const) {
        const more = { maxTokens, ...(mode === "ngram" && { original }) };
        const result = await writeText(session, prompt, mode, more);
        if (run > 0) rates[mode].push(decodeRate(result.timings));
        if (mode === "off") continue;
        requireSameCounts("edit", drafts, result.drafts);
        drafts = result.drafts;
      }
    }
    const { drafted, accepted, rounds } = drafts!;
    const [plain, withDrafts] = [median(rates.off), median(rates.ngram)];
    return {
      tokens: text.length,
      lines: open.tokenizer.decode(text).split("\n").length,
      changes: text.filter((_, i) => isChange(i)).length,
      plain,
      withDrafts,
      ratio: withDrafts / plain,
      drafted,
      accepted,
      rounds,
    };
  } finally {
    session.free();
  }
}

/** What the model writes after a prompt, and an original of which that is an edit. */
export async function editedText({ tokenizer }: OpenModel, session: Session) {
  const prompt = tokenizer.encode(draftPrompts["code, TypeScript"]!, { special: false });
  const maxTokens = Math.min(2000, session.evaluator.context - prompt.length - 1);
  const text: number[] = [];
  for await (const { token } of session.generate(prompt, { maxTokens, drafts: "off" })) text.push(token);
  // A replacement, a token too many, a token too few, in turn.
  const original = text.flatMap((id, i) =>
    !isChange(i) ? [id] : [[(id + 1) % 256], [id, (id + 1) % 256], []][Math.floor(i / changeEvery) % 3]!,
  );
  return { prompt, text, original };
}

const isChange = (index: number): boolean => index % changeEvery === changeEvery - 1;

/** A session that drafts as the edit suite does. */
export const openEditSession = (open: OpenModel): Promise<Session> =>
  openSession(
    open.gpu,
    open.model,
    open.tokenizer,
    settingsOf(open, "ngram", { longest: 31, rollback: "tape" }),
  );

export function printEdit(it: EditReport): void {
  console.log(
    `\nRewriting ${it.tokens} tokens (${it.lines} lines) with ${it.changes} changes: ${it.plain.toFixed(1)} tok/s plain, ` +
      `${it.withDrafts.toFixed(1)} with the original as a source of drafts: ${it.ratio.toFixed(2)}×; ` +
      `${it.accepted} of ${it.drafted} drafted accepted in ${it.rounds} rounds.`,
  );
}
