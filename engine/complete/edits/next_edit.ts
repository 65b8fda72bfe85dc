import type { Clock } from "../../contract/index.ts";
import type { ReadableFile, Silence } from "../contract.ts";
import { atOnce, type NameReader } from "../text/index.ts";
import { type DocumentChange, type EditReason, moved } from "./changes.ts";
import { createEditHistory, type FollowedDocument } from "./history.ts";
import { filterOf } from "./place_filters.ts";
import { createRefusals } from "./refusals.ts";
import { type RepeatPlace, repeatInPieces } from "./repeat.ts";
import { SILENCES, type SilenceId } from "./silences.ts";
import { isInsideWord, isSameButWhiteSpace } from "./words.ts";

/** The editor as it is now; what it shows of its own comes before a proposal. */
export interface EditorState {
  readonly uri: string;
  readonly cursor: number;
  readonly selectionIsEmpty: boolean;
  readonly cursors: number;
  readonly readOnly: boolean;
  /** Ghost text is on the screen. */
  readonly ghostText: boolean;
  /** The list of IntelliSense is open. */
  readonly suggestList: boolean;
  /** A snippet's fields are being filled in: Tab goes to the next one. */
  readonly snippet: boolean;
}

/** An editor with a document that has the focus, the cursor at its start, and nothing open beside it. */
export const editorOf = (uri: string): EditorState => ({
  uri,
  cursor: 0,
  selectionIsEmpty: true,
  cursors: 1,
  readOnly: false,
  ghostText: false,
  suggestList: false,
  snippet: false,
});

export interface Proposal extends RepeatPlace {
  readonly uri: string;
  /** From 0, of its start. */
  readonly line: number;
}

/** What is on the screen. `tab` is what the key does. */
export type NextEditView =
  | { readonly kind: "none"; readonly silence: Silence }
  | { readonly kind: "shown"; readonly proposal: Proposal; readonly tab: "jump" | "accept" };

/** What the editor has to do when Tab is pressed; `none` is what Tab did before. */
export type TabAction =
  | { readonly kind: "none" }
  | { readonly kind: "jump"; readonly uri: string; readonly offset: number }
  /** To be made as one undo step, and told by `changed` as `accepted`; the cursor goes to `cursor`. */
  | { readonly kind: "edit"; readonly uri: string; readonly change: DocumentChange; readonly cursor: number };

export interface NextEditOptions {
  readonly clock: Clock;
  readonly isExcluded: (file: ReadableFile) => boolean;
  readonly names?: NameReader | undefined;
  /** What `view` returns may be another now. */
  readonly onChange?: () => void;
}

const IDLE_MS = 150; // after the last key
const IN_WORD_MS = 500; // … with the cursor at the end of the word that is being written: it may go on
const FRESH_MS = 10_000; // a longer pause, and the user is at something else
const SHOWN_MS = 20_000;
const WANDERED_LINES = 25;

/** From an edit to the proposal of the next one: when it shows, what Tab and Escape do, what changes it, what ends it. */
export function createNextEdit({ clock, isExcluded, names, onChange }: NextEditOptions) {
  const history = createEditHistory({ clock, isExcluded });
  const refusals = createRefusals();
  let state: EditorState | undefined;
  let proposal: (RepeatPlace & { readonly uri: string }) | undefined;
  let silence: SilenceId = "no-edit";
  let shownFromLine = 0;
  let waiting: unknown;
  let ending: unknown;

  function drop(why: SilenceId): void {
    proposal = undefined;
    silence = why;
    clock.clearTimeout(ending);
    onChange?.();
  }

  function show(place: RepeatPlace, uri: string): void {
    proposal = { ...place, uri };
    shownFromLine = state ? lineAt(state.uri, state.cursor) : 0;
    clock.clearTimeout(ending);
    ending = clock.setTimeout(() => drop("expired"), SHOWN_MS);
    onChange?.();
  }

  function lookLater(): void {
    clock.clearTimeout(waiting);
    waiting = clock.setTimeout(look, isInWord() ? IN_WORD_MS : IDLE_MS);
  }

  /** The cursor is where the last change ended, and a word ends there. */
  function isInWord(): boolean {
    const document = state && history.get(state.uri);
    return (
      document?.last?.end === state?.cursor &&
      /[\p{L}\p{N}_$]$/u.test(document?.text.slice(0, state?.cursor) ?? "")
    );
  }

  function look(): void {
    const found = find();
    if (typeof found === "string") drop(found);
    else show(found.place, found.uri);
  }

  function find(): SilenceId | { readonly place: RepeatPlace; readonly uri: string } {
    const document = state && history.get(state.uri);
    if (!state || !document) return "not-followed";
    const quiet = whyQuiet(document, state.cursor);
    if (quiet) return quiet;
    const { cursor, uri } = state;
    const answer = atOnce(
      repeatInPieces({
        document,
        languageId: document.file.languageId ?? "plaintext",
        names,
        cursor,
        isRefused: (place) => refusals.has(uri, place),
      }),
    );
    if (typeof answer === "string") return answer;
    let why: SilenceId = "nowhere";
    for (const place of answer.places) {
      const filter = filterOf(place, { document, refusals });
      if (!filter) return { place, uri };
      why = filter;
    }
    return why;
  }

  /** Why the last change is none to go on from. */
  function whyQuiet({ last, edits }: FollowedDocument, cursor: number): SilenceId | undefined {
    if (!last) return "no-edit";
    if (last.reason === "undo" || last.reason === "redo") return "undone";
    if (last.reason === "bulk" || last.reason === "reload") return "bulk";
    if (clock.now() - last.atMs > FRESH_MS) return "stale";
    const newest = edits.at(-1);
    if (!newest) return undefined;
    // Deleted from its end: the new word is still to be written.
    if (newest.stands && newest.end === cursor && isHead(newest.after, newest.before)) return "unfinished";
    const takesBack = edits.some((older) => older.before === newest.after && older.after === newest.before);
    return takesBack ? "reversal" : undefined;
  }

  const lineAt = (uri: string, offset: number): number =>
    (history.get(uri)?.text.slice(0, offset).split("\n").length ?? 1) - 1;

  /** A change while a proposal is on the screen. @returns whether it was made there */
  function follow(uri: string, change: DocumentChange): boolean {
    if (proposal?.uri !== uri) return false;
    const { offset, removed, inserted } = change;
    const text = history.get(uri)?.text ?? "";
    const outside = moved(proposal, change);
    const isBeside = offset <= proposal.end && offset + removed >= proposal.start;
    if (
      outside &&
      !(
        isBeside &&
        (isInsideWord(text, outside.start) ||
          isInsideWord(text, outside.end) ||
          outside.start === outside.end)
      )
    ) {
      proposal = outside;
      return false;
    }
    const start = Math.min(proposal.start, offset);
    const end = Math.max(proposal.end, offset + removed) + inserted.length - removed;
    const there = text.slice(start, end);
    const within = offset >= proposal.start && offset + removed <= proposal.end;
    if (there === proposal.fresh) {
      refusals.made(proposal);
      drop("typed");
      return false; // an edit like any other: the next place is looked for
    }
    if (within && agrees(there, proposal)) proposal = { ...proposal, start, end };
    else drop("typed-otherwise");
    return true;
  }

  /** The next one follows at once. */
  function acceptedAt(uri: string, change: DocumentChange | undefined, taken: RepeatPlace | undefined): void {
    if (taken) refusals.made(taken);
    if (state && change) state = { ...state, uri, cursor: change.offset + change.inserted.length };
    look();
  }

  function gate(): SilenceId | undefined {
    if (!state) return "no-editor";
    if (state.readOnly) return "read-only";
    if (state.cursors > 1) return "cursors";
    if (!state.selectionIsEmpty) return "selection";
    if (state.snippet) return "snippet";
    if (state.suggestList) return "suggest-list";
    return state.ghostText ? "ghost-text" : undefined;
  }

  function view(): NextEditView {
    const document = state && history.get(state.uri);
    const closed = state && !document ? "not-followed" : proposal && gate();
    if (!proposal || closed || !state) {
      const id = closed ?? silence;
      return { kind: "none", silence: { id, problem: SILENCES[id] } };
    }
    const there = history.get(proposal.uri)?.text.slice(proposal.start, proposal.end) ?? "";
    const line = lineAt(proposal.uri, proposal.start);
    const isHere = state.uri === proposal.uri && lineAt(state.uri, state.cursor) === line;
    return { kind: "shown", proposal: { ...proposal, old: there, line }, tab: isHere ? "accept" : "jump" };
  }

  return {
    history,
    view,

    open(file: ReadableFile, text: string): void {
      history.open(file, text);
      refusals.forget(file.uri);
    },

    close(uri: string): void {
      history.close(uri);
      refusals.forget(uri);
      if (proposal?.uri === uri) drop("no-edit");
    },

    /** The changes of one event, each to what the one before it left. */
    changed(uri: string, changes: readonly DocumentChange[], reason?: EditReason): void {
      const taken = proposal;
      const found = history.changed(uri, changes, reason);
      for (const change of changes) refusals.changed(uri, change);
      const atPlace = found !== "accepted" && changes.map((change) => follow(uri, change)).includes(true);
      if (found === "accepted") acceptedAt(uri, changes[0], taken);
      else if (found === "undo" || found === "redo") drop("undone");
      else if (found === "bulk" || found === "reload") drop("bulk");
      else if (found === "typed" && !atPlace) {
        if (!proposal) silence = "waiting";
        lookLater();
        onChange?.();
      }
    },

    /** The cursor, the selection, or what the editor shows of its own. */
    moved(now: EditorState): void {
      const before = state;
      state = now;
      if (proposal && before && Math.abs(lineAt(now.uri, now.cursor) - shownFromLine) > WANDERED_LINES)
        if (!isAt(now, proposal)) drop("wandered");
      onChange?.();
    },

    tab(): TabAction {
      const now = view();
      if (now.kind === "none") return { kind: "none" };
      const { uri, start, end, fresh } = now.proposal;
      if (now.tab === "jump") {
        shownFromLine = now.proposal.line;
        clock.clearTimeout(ending);
        ending = clock.setTimeout(() => drop("expired"), SHOWN_MS);
        return { kind: "jump", uri, offset: start };
      }
      clock.clearTimeout(waiting);
      return {
        kind: "edit",
        uri,
        change: { offset: start, removed: end - start, inserted: fresh },
        cursor: start + fresh.length,
      };
    },

    /** Refuses what is on the screen, here and for good. @returns false where nothing of ours was: the key is the editor's */
    escape(): boolean {
      if (view().kind === "none" || !proposal) return false;
      refusals.add(proposal.uri, proposal);
      clock.clearTimeout(waiting);
      drop("dismissed");
      return true;
    },
  };
}

const isHead = (head: string, text: string): boolean =>
  text.startsWith(head) && !isSameButWhiteSpace(head, text);

const isAt = ({ uri, cursor }: EditorState, at: { uri: string; start: number; end: number }): boolean =>
  uri === at.uri && cursor >= at.start && cursor <= at.end;

/** Whether what stands at a place is on the way from the old text to the new one. */
function agrees(there: string, { old, fresh }: RepeatPlace): boolean {
  if (old.startsWith(there) || fresh.startsWith(there)) return true;
  // Typed in front of the old text, or of what is left of it.
  for (let typed = Math.min(there.length, fresh.length); typed > 0; typed--)
    if (there.startsWith(fresh.slice(0, typed)) && old.endsWith(there.slice(typed))) return true;
  return false;
}
