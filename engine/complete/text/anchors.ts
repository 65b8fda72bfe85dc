import type { PromptParts } from "../../contract/index.ts";
import { anchorPrompt, HEAD_LINES } from "./anchor.ts";
import { autoClosed, type CursorText, depthOf } from "./cursor_text.ts";

type Context = PromptParts["context"];

/** A document's prompt without its middle, frozen where the cursor came to rest, so that the model need not prefill it again. */
interface Anchor {
  readonly path: string;
  readonly prefix: string;
  readonly suffix: string;
  /** The text after the cursor at that time: the suffix, or more. */
  readonly after: string;
  readonly context: Context;
  /** Set quickly, with a short suffix: replaced when no question waits. */
  readonly quick: boolean;
  readonly contextMs: number;
}

// Limits on the text between anchor and cursor (the head): test/bench/RESULTS.md, "As good".
const COMFORTABLE_LINES = 24; // beyond, the anchor moves when no question waits
const MOST_LINES = 32; // beyond, at once
const COMFORTABLE_CHARACTERS = 2048; // of a new one: half, so that what is typed next does not move it again
const MOST_CHARACTERS = 4096;
/** Lines of the suffix that the cursor may have passed over: the model reads them twice. */
const DRIFT_LINES = 4;
const DRIFT_CHARACTERS = 1024; // each is a comparison of the suffix
/** For a quick anchor: characters of the suffix, some ten lines, and lines above the cursor's own. */
const QUICK_SUFFIX = 400;
const QUICK_HEAD = 2;
/** Other files change at each visit; the prompt's context is updated at most once in this time. */
const CONTEXT_REST = 30_000; // ms
const DOCUMENTS = 16;

/**
 * Where prompts are anchored, by document. A prompt whose anchor holds differs from the one before in its middle alone;
 * after a jump, or an edit behind the anchor, a new one is set quickly; `tidied` returns its replacement.
 */
export function createAnchors(now: () => number) {
  const anchors = new Map<string, Anchor>(); // the one used last is last

  function keep(uri: string, anchor: Anchor): void {
    anchors.delete(uri);
    anchors.set(uri, anchor);
    if (anchors.size > DOCUMENTS) anchors.delete(anchors.keys().next().value!);
  }

  function anchorAt(
    cursorText: CursorText,
    path: string,
    context: Context,
    contextMs: number,
    quick: boolean,
  ): Anchor {
    const cut = anchorPrompt(
      cursorText.before + cursorText.after,
      cursorText.before.length,
      quick ? QUICK_HEAD : HEAD_LINES,
      COMFORTABLE_CHARACTERS,
    );
    const suffix = quick ? headOf(cut.suffix, QUICK_SUFFIX) : cut.suffix;
    const { prefix, suffix: after } = cut;
    return { path, prefix, suffix, after, context, quick, contextMs };
  }

  return {
    /**
     * The prompt of a question. `speculative`: the text may never occur, so the anchor is not stored.
     * @param context pieces of other files, for a new anchor
     */
    promptAt(cursorText: CursorText, path: string, context: () => Context, speculative = false): PromptParts {
      const known = anchors.get(cursorText.uri);
      if (known && headAt(known, cursorText) !== undefined && known.path === path) {
        if (!speculative) keep(cursorText.uri, known);
        return promptOf(known, cursorText);
      }
      const anchor = known
        ? anchorAt(cursorText, path, known.context, known.contextMs, true)
        : anchorAt(cursorText, path, context(), now(), false);
      if (!speculative) keep(cursorText.uri, anchor);
      return promptOf(anchor, cursorText);
    },

    /** A better prompt at the cursor, if there is one: prefill it when no question waits, then adopt it. */
    tidied(
      cursorText: CursorText,
      path: string,
      context: () => Context,
    ): { readonly prompt: PromptParts; adopt(): void } | undefined {
      const known = anchors.get(cursorText.uri);
      if (!known) return undefined;
      const head = headAt(known, cursorText);
      const stale = now() - known.contextMs >= CONTEXT_REST;
      const fresh = stale ? context() : known.context;
      const same = isSameContext(fresh, known.context);
      if (head !== undefined && !known.quick && linesIn(head) <= COMFORTABLE_LINES && same) return undefined;
      const anchor = anchorAt(
        cursorText,
        path,
        same ? known.context : fresh,
        stale ? now() : known.contextMs,
        false,
      );
      return {
        prompt: promptOf(anchor, cursorText),
        adopt: () => {
          if (anchors.get(cursorText.uri) === known) keep(cursorText.uri, anchor);
        },
      };
    },

    /** The pieces of other files that a document's prompts have now. */
    contextOf: (uri: string): Context | undefined => anchors.get(uri)?.context,

    forget(uri?: string): void {
      if (uri === undefined) anchors.clear();
      else anchors.delete(uri);
    },
  };
}

export type Anchors = ReturnType<typeof createAnchors>;

const promptOf = ({ path, prefix, suffix, context }: Anchor, { before }: CursorText): PromptParts => ({
  path,
  prefix,
  suffix,
  middle: before.slice(prefix.length),
  context,
});

/** The text from the anchor to the cursor; undefined where the anchor does not hold. */
function headAt(
  { prefix, suffix, after: anchored }: Anchor,
  { before, after }: CursorText,
): string | undefined {
  if (!before.startsWith(prefix)) return undefined;
  const head = before.slice(prefix.length);
  const lineCount = linesIn(head);
  // The cursor's own line belongs to the head however long it is.
  if (lineCount > MOST_LINES || (lineCount > 0 && head.length > MOST_CHARACTERS)) return undefined;
  // Brackets that the editor closes right of the cursor are no change; text that the cursor passed or deleted may wait.
  for (let passed = 0, lines = 0; lines <= DRIFT_LINES && passed <= DRIFT_CHARACTERS; passed++) {
    const depth = depthOf({ suffix }) - Math.min(passed, suffix.length);
    if (autoClosed(anchored.slice(passed), after, depth) !== undefined) return head;
    if (passed >= anchored.length) return undefined;
    if (anchored[passed] === "\n") lines++;
  }
  return undefined;
}

const linesIn = (text: string): number => {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
};

/** Whole lines, some `length` characters of them; the first however long. */
function headOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.lastIndexOf("\n", length);
  return text.slice(0, end > 0 ? end + 1 : length);
}

/** Whether two prompts have the same pieces of other files. */
export const isSameContext = (a: Context, b: Context): boolean =>
  a === b ||
  (a.length === b.length && a.every(({ path, text }, i) => path === b[i]!.path && text === b[i]!.text));
