import type { Clock, EditDelta, EditModel } from "../../../contract/index.ts";
import type { PipelineSettings } from "../../contract.ts";
import { acceptEstimate, isConfident } from "../../policy/index.ts";
import type { FollowedDocument } from "../history.ts";
import type { SilenceId } from "../silences.ts";
import type { EditPlace, EditQuestion, EditSource } from "../sources.ts";
import { type AnswerHunk, editsOf } from "./answer_hunks.ts";
import { filterOfEdit } from "./edit_filters.ts";
import { cursorAt, placeOf } from "./edit_place.ts";
import type { RelatedText } from "./fit.ts";
import type { EditAnswer, EditFormat, EditFormatId, EditPrompt } from "./formats.ts";
import { formatById } from "./known_formats.ts";
import { surenessOf } from "./sureness.ts";
import { readLines, type WindowPlace, windowPlace } from "./window.ts";

export interface ModelSourceOptions {
  readonly model: EditModel;
  /** Of the model; undefined where none is known: then it is not asked. */
  readonly format: EditFormatId | undefined;
  readonly clock: Pick<Clock, "now">;
  /** How sure the model has to be of what is proposed, at each question. */
  readonly eagerness?: () => PipelineSettings["eagerness"];
  /** Pieces of other files for a prompt, the least volatile first; asked once as long as the window is kept. Default: none. */
  readonly filesFor?: (uri: string, cursor: number) => readonly RelatedText[];
  /** Sees what is asked, and all that is answered. */
  readonly onAnswer?: (prompt: EditPrompt, written: string) => void;
}

const STICKY_MS = 10_000; // between two questions; after a longer pause the window is centred again
const RESTS_AFTER = 5; // answers in a row that were none

/** A model that was trained to continue edits. It is asked for the window around the cursor, and left once its change is known. */
export function createModelSource({
  model,
  format: id,
  clock,
  eagerness = () => "balanced",
  filesFor,
  onAnswer,
}: ModelSourceOptions): EditSource {
  let last: { readonly uri: string; readonly place: WindowPlace; readonly atMs: number } | undefined;
  /** They are at the prompt's head: others would have it read again from there. */
  let files: readonly RelatedText[] = [];
  let bad = 0;

  function promptFor(
    { uri, cursor, history }: EditQuestion,
    { file, text, edits }: FollowedDocument,
    format: EditFormat,
  ): EditPrompt | SilenceId {
    const replaced = edits.at(-1);
    const sticks = last?.uri === uri && clock.now() - last.atMs <= STICKY_MS;
    if (!sticks) files = filesFor?.(uri, cursor) ?? [];
    return format.prompt({
      path: file.path,
      text,
      cursor,
      hunks: history.hunks(uri),
      past: history.past(),
      files,
      ...(sticks && { lastWindow: last!.place }),
      ...(replaced && { replaced }),
    });
  }

  return async (question, signal) => {
    const document = question.history.get(question.uri);
    if (!document) return "not-followed";
    if (id === undefined) return "model-format";
    if (bad >= RESTS_AFTER) return "model-resting";
    const format = formatById(id);
    const prompt = promptFor(question, document, format);
    if (typeof prompt === "string") return prompt;
    const judge = createJudge(question, document, format, prompt, {
      nowMs: clock.now(),
      eagerness: eagerness(),
    });
    last = { uri: question.uri, place: windowPlace(judge.lines, prompt.window), atMs: clock.now() };
    const answer = await readAnswer(format, judge, signal);
    if (signal.aborted) return "waiting";
    const places = judge.places();
    const silence = judge.silence(answer);
    bad = places.length === 0 && BAD.includes(silence) ? bad + 1 : 0;
    return places.length > 0 ? places : silence;
  };

  /** Reads as much of an answer as is needed. */
  async function readAnswer(
    format: EditFormat,
    judge: ReturnType<typeof createJudge>,
    signal: AbortSignal,
  ): Promise<EditAnswer | "broken"> {
    const { window: _, earlier: __, said: ___, ...request } = judge.prompt;
    const stream = model.edit({ ...request, signal });
    const pieces: EditDelta[] = [];
    let written = "";
    try {
      for (;;) {
        const next = await stream.next();
        if (signal.aborted) return "broken";
        if (!next.done) {
          pieces.push(next.value);
          written += next.value.text;
        }
        const isEnded = next.done === true && next.value?.reason === "end";
        const answer = format.read(written, isEnded, judge.prompt);
        if (answer === "broken") return answer;
        judge.look(answer, pieces);
        if (next.done || answer.isWhole || judge.hasEnough()) return answer;
      }
    } finally {
      onAnswer?.(judge.prompt, written);
      await stream.return(undefined);
    }
  }
}

const BAD: readonly SilenceId[] = ["model-broken", "model-text"]; // an answer that was cut off may well be in the format

/** What of an answer is proposed, as it grows. */
function createJudge(
  { uri, cursor, history, refusals }: EditQuestion,
  { file, text, edits }: FollowedDocument,
  format: EditFormat,
  prompt: EditPrompt,
  { nowMs, eagerness }: { readonly nowMs: number; readonly eagerness: PipelineSettings["eagerness"] },
) {
  const { window, earlier } = prompt;
  const lines = readLines(text, cursor);
  const found: { readonly row: number; readonly place: EditPlace }[] = [];
  let judged = 0;
  let why: SilenceId | undefined;

  function isUnsure(hunk: AnswerHunk, answer: EditAnswer, pieces: readonly EditDelta[]): boolean {
    const sureness = surenessOf(pieces, format.marks, answer, hunk, window.rows);
    if (!sureness) return false;
    return !isConfident(acceptEstimate(sureness.meanLogProbability, sureness.characters), eagerness);
  }

  function judge(hunk: AnswerHunk, answer: EditAnswer, pieces: readonly EditDelta[]): void {
    const place = placeOf(lines, window, hunk);
    const around = { lines, window, earlier, past: history.hunks(uri), edits, nowMs };
    const languageId = file.languageId ?? "plaintext";
    const filter =
      filterOfEdit({ hunk, place, ...around, marks: format.marks, languageId }) ??
      (refusals.has(uri, place) ? "dismissed" : refusals.isStopped(place) ? "stopped" : undefined) ??
      (isUnsure(hunk, answer, pieces) ? "model-unsure" : undefined);
    if (filter) why ??= filter;
    else {
      const at = cursorAt(lines, window, hunk, answer, place);
      const whole: EditPlace = { ...place, uri, source: "model", ...(at !== undefined && { cursor: at }) };
      found.push({ row: window.first + hunk.from, place: whole });
    }
  }

  const isBelow = ({ row }: { readonly row: number }): boolean => row >= lines.line;

  return {
    prompt,
    lines,
    look(answer: EditAnswer, pieces: readonly EditDelta[]): void {
      const hunks = editsOf(window.rows, answer);
      for (const hunk of hunks.slice(judged)) judge(hunk, answer, pieces);
      judged = hunks.length;
    },
    /** A change at the cursor or below it is known: it comes first, whatever follows it. */
    hasEnough: (): boolean => found.some(isBelow),
    /** At the cursor or below it first, then above it, the nearest first. */
    places: (): EditPlace[] =>
      [...found.filter(isBelow), ...found.filter((one) => !isBelow(one)).reverse()].map(({ place }) => place),
    silence(answer: EditAnswer | "broken"): SilenceId {
      if (answer === "broken") return "model-broken";
      return why ?? (answer.isWhole ? "model-nothing" : "model-cut-off");
    },
  };
}
