import type { PromptParts } from "../../contract/index.ts";
import { anchorPrompt, HEAD_LINES } from "./anchor.ts";
import { autoClosed, type Stand } from "./stand.ts";

type Context = PromptParts["context"];

/** A document's prompt, all but its middle: frozen where the cursor came to rest, so that the model need not read it again. */
interface Anchor {
  readonly path: string;
  readonly prefix: string;
  readonly suffix: string;
  /** What stood after the cursor: the suffix, or more. */
  readonly after: string;
  readonly context: Context;
  /** Set in haste, with a short suffix: to be set anew when nobody waits. */
  readonly quick: boolean;
  readonly contextMs: number;
}

// What of the text between anchor and cursor is too long to be a head: test/bench/RESULTS.md, "As good".
const COMFORTABLE_LINES = 24; // beyond, the anchor moves when nobody waits
const MOST_LINES = 32; // beyond, at once
const MOST_CHARACTERS = 4096;
/** Lines of the suffix that the cursor may have passed over: the model reads them twice. */
const DRIFT_LINES = 4;
/** In haste: characters of the suffix that are read, some ten lines, and lines above the cursor's that are. */
const QUICK_SUFFIX = 400;
const QUICK_HEAD = 2;
/** Other files change at each visit; the prompt's head follows no sooner than so after it last did. */
const CONTEXT_REST = 30_000; // ms
const DOCUMENTS = 16;

/**
 * Where prompts are anchored, by document. A prompt whose anchor holds differs from the one before in its middle alone;
 * after a jump, or an edit behind the anchor, a new one is set in haste; `tidied` says what should take its place.
 */
export function createAnchors(now: () => number) {
  const anchors = new Map<string, Anchor>(); // the one used last is last

  function keep(uri: string, anchor: Anchor): void {
    anchors.delete(uri);
    anchors.set(uri, anchor);
    if (anchors.size > DOCUMENTS) anchors.delete(anchors.keys().next().value!);
  }

  function anchorAt(stand: Stand, path: string, context: Context, contextMs: number, quick: boolean): Anchor {
    const cut = anchorPrompt(
      stand.before + stand.after,
      stand.before.length,
      quick ? QUICK_HEAD : HEAD_LINES,
    );
    const suffix = quick ? headOf(cut.suffix, QUICK_SUFFIX) : cut.suffix;
    const { prefix, suffix: after } = cut;
    return { path, prefix, suffix, after, context, quick, contextMs };
  }

  return {
    /**
     * The prompt of a question. `speculative`: the text need not come to stand so, and moves no anchor.
     * @param context pieces of other files, for a new anchor
     */
    promptAt(stand: Stand, path: string, context: () => Context, speculative = false): PromptParts {
      const known = anchors.get(stand.uri);
      if (known && headAt(known, stand) !== undefined && known.path === path) {
        if (!speculative) keep(stand.uri, known);
        return promptOf(known, stand);
      }
      const anchor = known
        ? anchorAt(stand, path, known.context, known.contextMs, true)
        : anchorAt(stand, path, context(), now(), false);
      if (!speculative) keep(stand.uri, anchor);
      return promptOf(anchor, stand);
    },

    /** A better prompt for where the cursor stands, if there is one: to be read when nobody waits, and then adopted. */
    tidied(
      stand: Stand,
      path: string,
      context: () => Context,
    ): { readonly prompt: PromptParts; adopt(): void } | undefined {
      const known = anchors.get(stand.uri);
      if (!known) return undefined;
      const head = headAt(known, stand);
      const stale = now() - known.contextMs >= CONTEXT_REST;
      const fresh = stale ? context() : known.context;
      const same = isSame(fresh, known.context);
      if (head !== undefined && !known.quick && linesIn(head) <= COMFORTABLE_LINES && same) return undefined;
      const anchor = anchorAt(
        stand,
        path,
        same ? known.context : fresh,
        stale ? now() : known.contextMs,
        false,
      );
      return {
        prompt: promptOf(anchor, stand),
        adopt: () => {
          if (anchors.get(stand.uri) === known) keep(stand.uri, anchor);
        },
      };
    },

    forget(uri?: string): void {
      if (uri === undefined) anchors.clear();
      else anchors.delete(uri);
    },
  };
}

export type Anchors = ReturnType<typeof createAnchors>;

const promptOf = ({ path, prefix, suffix, context }: Anchor, { before }: Stand): PromptParts => ({
  path,
  prefix,
  suffix,
  middle: before.slice(prefix.length),
  context,
});

/** The text from the anchor to the cursor; undefined where the anchor does not hold. */
function headAt({ prefix, after: anchored }: Anchor, { before, after }: Stand): string | undefined {
  if (!before.startsWith(prefix)) return undefined;
  const head = before.slice(prefix.length);
  if (head.length > MOST_CHARACTERS || linesIn(head) > MOST_LINES) return undefined;
  // What the editor closes right of the cursor is no change; what the cursor has passed over, or deleted, may wait.
  for (let passed = 0, lines = 0; lines <= DRIFT_LINES; passed++) {
    if (autoClosed(anchored.slice(passed), after) !== undefined) return head;
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

const isSame = (a: Context, b: Context): boolean =>
  a === b ||
  (a.length === b.length && a.every(({ path, text }, i) => path === b[i]!.path && text === b[i]!.text));
