import { writeFile } from "node:fs/promises";
import { UserError } from "../../errors/index.ts";
import { type Evaluator, requirePrompt } from "../../generate/index.ts";
import { maxRows, notFinite } from "../../model/index.ts";
import { type ModelOptions, withFile, withModel } from "./open_model.ts";
import { readText } from "./read_text.ts";
import { printJson, table } from "./terminal.ts";

/** `foretype tokenize MODEL`: ids and pieces of a text. */
export async function tokenize(
  name: string,
  { text, file, special = false, json }: { text?: string; file?: string; special?: boolean; json?: boolean },
): Promise<void> {
  const source = text ?? (await readText(file!));
  await withFile(name, async ({ tokenizer }) => {
    const ids = tokenizer.encode(source, { special });
    const pieces = ids.map((id) => tokenizer.piece(id));
    if (json) printJson({ ids, pieces });
    else console.log(table(ids.map((id, i) => [String(id), JSON.stringify(pieces[i])])));
  });
}

interface TopToken {
  id: number;
  piece: string;
  logProbability: number;
}

/** The k largest log-probabilities of a row of logits, ties by lower id. */
function topTokens(logits: Float32Array, k: number, piece: (id: number) => string): TopToken[] {
  let max = -Infinity;
  for (const x of logits) max = Math.max(max, x);
  let mass = 0;
  for (const x of logits) mass += Math.exp(x - max);
  const shift = max + Math.log(mass);
  return [...logits.keys()]
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, k)
    .map((id) => ({ id, piece: piece(id), logProbability: logits[id]! - shift }));
}

/** The logits [vocabulary] after each id, of the trunk or the MTP block. */
async function logitRows(
  evaluator: Evaluator,
  allIds: readonly number[],
  which: "all" | "mtp",
  vocabulary: number,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let at = 0; at < allIds.length; at += maxRows) {
    const ids = allIds.slice(at, at + maxRows);
    await evaluator.pass(ids, { kind: "prompt", logits: "all", mtpLogits: which === "mtp" });
    const piece = await evaluator.rows(evaluator.logits(which), ids.length, vocabulary);
    for (let row = 0; row < ids.length; row++)
      rows.push(piece.subarray(row * vocabulary, (row + 1) * vocabulary));
  }
  return rows;
}

/** `foretype logits MODEL`: log-probabilities at each position, of the trunk or the MTP block. */
export async function logits(
  name: string,
  options: ModelOptions & { ids: number[]; top: number; out?: string; json?: boolean },
): Promise<void> {
  await withModel(name, options, async ({ session, model, tokenizer, h }) => {
    if (options.mtp && !model.mtp)
      throw new UserError({
        code: "model-role",
        problem: `${name} has no MTP block`,
        advice: "leave out --mtp",
      });
    const { evaluator } = session;
    const { context } = evaluator;
    if (options.ids.length > context) {
      throw new UserError({
        code: "usage",
        problem: `--ids has ${options.ids.length} tokens and the context holds ${context}`,
        advice: "give fewer or choose a larger context",
      });
    }
    requirePrompt(options.ids, h.vocabulary, Infinity);
    const rows = await logitRows(evaluator, options.ids, options.mtp ? "mtp" : "all", h.vocabulary);
    const broken = rows.findIndex((row) => !row.every(Number.isFinite));
    if (broken !== -1) throw notFinite(broken);
    if (options.out) await writeRows(options.out, rows);
    const positions = rows.map((row, position) => ({
      position,
      id: options.ids[position]!,
      top: topTokens(row, options.top, (id) => tokenizer.piece(id)),
    }));
    if (options.json) {
      printJson({ which: options.mtp ? "mtp" : "trunk", positions });
      return;
    }
    const cells = positions.map(({ position, id, top }) => [
      String(position),
      `${id} ${JSON.stringify(tokenizer.piece(id))}`,
      top.map((it) => `${it.id} ${JSON.stringify(it.piece)} ${it.logProbability.toFixed(4)}`).join("   "),
    ]);
    console.log(table([["position", "token", "next, with log-probability"], ...cells]));
  });
}

async function writeRows(path: string, rows: readonly Float32Array[]): Promise<void> {
  try {
    await writeFile(
      path,
      Buffer.concat(rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength))),
    );
  } catch (error) {
    throw new UserError({
      code: "disk",
      problem: `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      advice: "choose another place",
      path,
    });
  }
}
