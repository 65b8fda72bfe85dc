import type { AnswerEnd } from "../services/index.ts";
import { hiddenCharacters } from "../words/index.ts";
import { elidedLine } from "./elision.ts";
import { type Fenced, fencedBlocks } from "./fences.ts";
import { fitToSelection } from "./indentation.ts";
import { isCertainlyCode, isOnlyWords, unbalancedBracket } from "./prose.ts";
import { type Selected, tailOf } from "./selected.ts";
import { repeatedSurroundings } from "./surroundings.ts";

/** What the model has written, and why it ended; `failed`: an error ended it. */
export interface Answer {
  readonly text: string;
  readonly end: AnswerEnd | "failed";
}

/** Why an answer is not applied, and what to do: the clauses of one sentence. */
export interface Doubt {
  readonly problem: string;
  readonly advice: string;
}

/** What an answer is worth. `code` and `shown` are ready to be put in the selection's place. */
export type Verdict =
  /** The code is certainly meant for the whole selection. */
  | { readonly certain: true; readonly code: string }
  /** Shown in the selection's place, and not applied. Empty where there is nothing to show. */
  | ({ readonly certain: false; readonly shown: string } & Doubt);

const OR_RETRY = "retry, or edit the instruction";
const OR_COPY = "retry, edit the instruction, or copy what you need from the proposal";

const DOUBTS_OF_END: Readonly<Record<Exclude<Answer["end"], "end">, Doubt>> = {
  "max-tokens": {
    problem: "The answer was cut off at its longest permitted length",
    advice: "select fewer lines and retry, or copy what you need from the proposal",
  },
  "context-full": {
    problem: "The answer was cut off because the model's context is full",
    advice: "select fewer lines and retry, or copy what you need from the proposal",
  },
  cancelled: {
    problem: "The model was stopped before its answer was complete",
    advice: "retry, or copy what you need from the proposal",
  },
  loop: {
    problem: "The model was stopped because it repeated itself without an end",
    advice: "edit the instruction, select fewer lines, or copy what you need from the proposal",
  },
  preempted: {
    problem: "Another request interrupted the model before its answer was complete",
    advice: "retry, or copy what you need from the proposal",
  },
  failed: {
    problem: "The model failed before its answer was complete",
    advice: "retry, or copy what you need from the proposal",
  },
};

/** Whether an answer is certainly code for the whole selection, and if not, why. Looks at why it ended first. */
export function judgeAnswer({ text, end }: Answer, selected: Selected): Verdict {
  const answer = withoutThoughts(text.replaceAll("\r\n", "\n"), selected);
  const blocks = fencedBlocks(answer);
  const no = (doubt: Doubt): Verdict => ({ certain: false, shown: shownOf(answer, selected), ...doubt });
  if (end !== "end") return no(DOUBTS_OF_END[end]);
  if (answer.trim() === "") return no({ problem: "The model gave no answer", advice: OR_RETRY });
  const doubt = doubtOfBlocks(blocks) ?? (blocks.length === 0 ? doubtOfBare(answer, selected) : undefined);
  if (doubt) return no(doubt);
  const { body, language } = blocks[0] ?? { body: answer, language: "" };
  const code = withoutSecondEnd(fitToSelection(body, selected), selected);
  const doubtful = doubtOfCode(body, language, code, selected);
  return doubtful ? no(doubtful) : { certain: true, code: withEnds(code, selected) };
}

/** What the selection's place shows of an answer, which may still be written. */
export function shownOf(answer: string, selected: Selected): string {
  const text = withoutThoughts(answer.replaceAll("\r\n", "\n"), selected);
  const blocks = fencedBlocks(text);
  // Of several blocks none is the answer: all of it is shown.
  if (blocks.length > 1) return withEnds(text.trim(), selected);
  return withEnds(fitToSelection(blocks[0]?.body ?? text, selected), selected);
}

const withEnds = (code: string, { lineEnding }: Selected): string => code.replaceAll("\n", lineEnding);

/** The answer after what a model thought aloud, unless the code has such elements; all of it is thought while its block is open. */
function withoutThoughts(answer: string, { text }: Selected): string {
  const opened = /^\s*<(think|thinking|thought|reasoning)>/.exec(answer);
  if (opened && !text.includes(`<${opened[1]}>`)) {
    const end = `</${opened[1]}>`;
    const at = answer.indexOf(end);
    return at === -1 ? "" : answer.slice(at + end.length);
  }
  // A template may have opened the block itself.
  const at = answer.indexOf("</think>");
  const isThought = at !== -1 && fencedBlocks(answer.slice(0, at)).every(({ closed }) => closed);
  return isThought && !text.includes("</think>") ? answer.slice(at + "</think>".length) : answer;
}

function doubtOfBlocks(blocks: readonly Fenced[]): Doubt | undefined {
  if (blocks.some(({ closed }) => !closed))
    return { problem: "The code block of the answer has no end, so it may be incomplete", advice: OR_COPY };
  if (blocks.length > 1)
    return {
      problem: `The answer has ${blocks.length} code blocks, and which one is meant for the selection is not certain`,
      advice: OR_COPY,
    };
  if (blocks.some(({ nested }) => nested))
    return {
      problem: "The code block of the answer has another one inside, and where it ends is not certain",
      advice: OR_COPY,
    };
  if (blocks.some(({ body }) => body.trim() === ""))
    return {
      problem: "The code block of the answer is empty",
      advice: "delete the selection yourself if that is meant, retry, or edit the instruction",
    };
  return undefined;
}

const doubtOfBare = (answer: string, selected: Selected): Doubt | undefined =>
  isCertainlyCode(answer, selected)
    ? undefined
    : { problem: "The answer has no code block, and it is not certain that it is code", advice: OR_COPY };

const SHELLS =
  /^(?:ba|z|fi|c|k)?sh$|^(?:shell|shellscript|shellsession|console|terminal|powershell|ps1|cmd|bat|output|log)$/;
const DIFFS = /^(?:diff|patch|udiff)$/;
const MERGE = /^(?:<{7}|={7}|>{7})(?: |$)/m;

function doubtOfCode(body: string, language: string, code: string, selected: Selected): Doubt | undefined {
  const { text, languageId } = selected;
  const hidden = hiddenCharacters(body, text);
  if (hidden.length > 0)
    return {
      problem: `The answer has characters that are not seen (${hidden.slice(0, 3).join(", ")}), which may hide what it does`,
      advice: OR_RETRY,
    };
  if (isDiff(body, language, selected) || (MERGE.test(body) && !MERGE.test(text)))
    return { problem: "The answer is a list of changes, not the changed code", advice: OR_COPY };
  if (
    SHELLS.test(language) &&
    !/shell|powershell|bat|makefile|dockerfile|markdown|plaintext|log/.test(languageId)
  )
    return { problem: `The answer has commands (${language}) where the selection has code`, advice: OR_COPY };
  if (isOnlyWords(body, selected)) return { problem: "The answer is in words, not in code", advice: OR_COPY };
  const elided = elidedLine(body, text, languageId);
  if (elided !== undefined)
    return { problem: `The answer leaves out a part of the selection (“${elided}”)`, advice: OR_COPY };
  const repeated = repeatedSurroundings(code, selected);
  if (repeated !== undefined)
    return {
      problem: `The answer repeats code from outside of the selection (“${repeated}”), which would be there twice`,
      advice: OR_COPY,
    };
  const bracket = unbalancedBracket(code, selected);
  if (bracket !== undefined)
    return {
      problem: `The answer has a “${bracket}” too many or too few for the selection's place`,
      advice: OR_COPY,
    };
  return code.trimEnd() === text.trimEnd()
    ? { problem: "The model would leave the code as it is", advice: OR_RETRY }
    : undefined;
}

const HUNK = /^@@ .*@@/m;

/** Whether the code is a diff of the selection, by its fence or by its lines. */
function isDiff(body: string, language: string, { text, languageId }: Selected): boolean {
  if (/^(?:diff|patch)$/.test(languageId)) return false;
  if (DIFFS.test(language) || (HUNK.test(body) && !HUNK.test(text))) return true;
  const own = new Set(text.split("\n").map((line) => line.trim()));
  const lines = body.split("\n");
  const removes = lines.some(
    (line) => /^-.*\w/.test(line) && own.has(line.slice(1).trim()) && !own.has(line.trim()),
  );
  return removes && lines.some((line) => line.startsWith("+") && !own.has(line.trim()));
}

/** Without the `;` or `,` at its end that already follows the selection. */
function withoutSecondEnd(code: string, selected: Selected): string {
  const next = tailOf(selected).trim();
  const last = code.at(-1);
  const twice = (next === ";" || next === ",") && last === next && !selected.text.endsWith(next);
  return twice ? code.slice(0, -1) : code;
}
