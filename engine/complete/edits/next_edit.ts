import type { Clock } from "../../contract/index.ts";
import type { Silence } from "../contract.ts";
import { lineOf } from "../text/index.ts";
import { type DocumentChange, type EditReason, moved, touches } from "./changes.ts";
import { cursorAfter, followPlace, landingOf } from "./follow_place.ts";
import type { EditHistory } from "./history.ts";
import { filterOf } from "./place_filters.ts";
import { whyQuiet } from "./quiet.ts";
import { createRefusals } from "./refusals.ts";
import {
  type EditorState,
  type NextEditEvent,
  type NextEditView,
  type TabAction,
  whyHidden,
} from "./screen.ts";
import { SILENCES, type SilenceId } from "./silences.ts";
import type { EditPlace, EditQuestion, EditSource } from "./sources.ts";

export interface NextEditOptions {
  readonly clock: Clock;
  /** The log of edits: what it is told is what next edits follow from. */
  readonly history: EditHistory;
  /** Asked one after the other; the first that has a place is shown. */
  readonly sources: readonly EditSource[];
  /** Why nothing may be shown in a document, whatever was edited: a setting says so. */
  readonly whyOff?: (uri: string) => Silence | undefined;
  /** What `view` returns may be another now. */
  readonly onChange?: () => void;
  readonly onEvent?: (event: NextEditEvent) => void;
  /** A source threw. */
  readonly onError?: (error: unknown) => void;
}

const IDLE_MS = 150; // after the last key
const IN_WORD_MS = 500; // … with the cursor at the end of the word that is being written: it may go on
const SHOWN_MS = 20_000;
const COUNTED_MS = 250; // on the screen: seen
const UNDONE_MS = 10_000;
const WANDERED_LINES = 25;

/** From an edit to the proposal of the next one: when it shows, what Tab and Escape do, what changes it, what ends it. */
export function createNextEdit({
  clock,
  history,
  sources,
  whyOff = () => undefined,
  onChange = () => {},
  onEvent = () => {},
  onError = () => {},
}: NextEditOptions) {
  const refusals = createRefusals();
  let state: EditorState | undefined;
  let proposal: EditPlace | undefined;
  /** What the same answer had beside the proposal. */
  let others: readonly EditPlace[] = [];
  let silence: SilenceId = "no-edit";
  /** The newest edit when the proposal was found: it goes with what that edit becomes. */
  let basis: { readonly uri: string; readonly id: number } | undefined;
  let shownFromLine = 0;
  let isCounted = false;
  /** What was taken last. */
  let taken: (EditPlace & { readonly atMs: number }) | undefined;
  let follows = false;
  let asking: AbortController | undefined;
  let answered: Promise<void> = Promise.resolve();
  let waiting: unknown;
  let ending: unknown;
  let counting: unknown;

  function drop(why: SilenceId): void {
    proposal = undefined;
    others = [];
    silence = why;
    clock.clearTimeout(ending);
    tell();
  }

  function show(place: EditPlace, rest: readonly EditPlace[]): void {
    proposal = place;
    others = rest;
    isCounted = false;
    shownFromLine = state ? lineAt(state.uri, state.cursor) : 0;
    const newest = state && history.get(state.uri)?.edits.at(-1);
    basis = newest && { uri: newest.uri, id: newest.id };
    expireLater();
    tell();
  }

  function expireLater(): void {
    clock.clearTimeout(ending);
    ending = clock.setTimeout(() => drop("expired"), SHOWN_MS);
  }

  function tell(): void {
    clock.clearTimeout(counting);
    if (view().kind === "shown" && !isCounted) counting = clock.setTimeout(countShown, COUNTED_MS);
    onChange();
  }

  function countShown(): void {
    if (isCounted || !proposal) return;
    isCounted = true;
    onEvent({ kind: "shown", source: proposal.source });
  }

  function count(kind: NextEditEvent["kind"]): void {
    if (!proposal) return;
    countShown();
    onEvent({ kind, source: proposal.source });
  }

  function lookLater(): void {
    clock.clearTimeout(waiting);
    waiting = clock.setTimeout(() => look(), isInWord() ? IN_WORD_MS : IDLE_MS);
  }

  /** The cursor is where the last change ended, and a word ends there. */
  function isInWord(): boolean {
    const document = state && history.get(state.uri);
    if (!document || document.last?.end !== state?.cursor) return false;
    const before = document.text.slice(Math.max(0, state!.cursor - 2), state!.cursor);
    return /[\p{L}\p{N}_$]$/u.test(before);
  }

  function look(isAsked = false): void {
    clock.clearTimeout(waiting);
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    answered = find(signal, isAsked)
      .catch((error): SilenceId => {
        if (!signal.aborted) onError(error);
        return "failed";
      })
      .then((found) => {
        if (signal.aborted) return;
        asking = undefined;
        follows = false;
        if (typeof found === "string") drop(found);
        else show(...found);
      });
  }

  /** @returns whether something was being looked for: its answer would be about a text that has changed */
  function stopLooking(): boolean {
    const wasAsking = asking !== undefined;
    asking?.abort();
    asking = undefined;
    follows = false;
    return wasAsking;
  }

  async function find(
    signal: AbortSignal,
    isAsked: boolean,
  ): Promise<SilenceId | [EditPlace, readonly EditPlace[]]> {
    const document = state && history.get(state.uri);
    if (!state || !document) return "not-followed";
    const quiet = whyOff(state.uri)
      ? "no-edit"
      : whyQuiet(document, state.cursor, isAsked ? undefined : clock.now());
    if (quiet) return quiet;
    return askAll({ uri: state.uri, cursor: state.cursor, history, refusals }, signal);
  }

  async function askAll(
    question: EditQuestion,
    signal: AbortSignal,
  ): Promise<SilenceId | [EditPlace, readonly EditPlace[]]> {
    let why: SilenceId = "nowhere";
    for (const ask of sources) {
      const answer = await ask(question, signal);
      if (signal.aborted) return "waiting";
      if (answer === undefined) continue;
      const found = typeof answer === "string" ? answer : firstOf(answer);
      if (typeof found !== "string") return found;
      why = found; // by the last one's word: who turned a model on asks why it said nothing
    }
    return why;
  }

  /** The first of some places that may be shown, and those after it. */
  function firstOf(places: readonly EditPlace[]): SilenceId | [EditPlace, readonly EditPlace[]] {
    let why: SilenceId = "nowhere";
    for (const [index, place] of places.entries()) {
      const document = history.get(place.uri);
      const isOpen = document && !whyOff(place.uri);
      const filter = isOpen ? filterOf(place, { document, refusals }) : "not-followed";
      if (!filter) return [place, places.slice(index + 1)];
      why = filter;
    }
    return why;
  }

  const lineAt = (uri: string, offset: number): number => lineOf(history.get(uri)?.text ?? "", offset);

  /** To a file that is not the proposal's, or far from where it was shown, and from it. */
  function hasWandered(before: EditorState, now: EditorState, place: EditPlace): boolean {
    if (before.uri !== now.uri) return now.uri !== place.uri;
    return Math.abs(lineAt(now.uri, now.cursor) - shownFromLine) > WANDERED_LINES && !isAt(now, place);
  }

  /** A change while a proposal is on the screen. @returns whether it was made there */
  function follow(uri: string, change: DocumentChange): boolean {
    others = others.flatMap((one) => (one.uri === uri ? (moved(one, change) ?? []) : one));
    if (proposal?.uri !== uri) return false;
    const now = followPlace(proposal, change, history.get(uri)?.text ?? "");
    if (now.kind === "typed") {
      refusals.made(proposal);
      drop("typed");
      return false; // an edit like any other: the next place is looked for
    }
    if (now.kind === "otherwise") {
      count("typed");
      drop("typed-otherwise");
    } else proposal = now.place;
    return now.kind !== "beside";
  }

  /** The next one follows at once. */
  function acceptedAt(uri: string, change: DocumentChange): void {
    count("accepted");
    const rest = proposal?.source === "model" ? others.flatMap((one) => moved(one, change) ?? []) : [];
    if (proposal) {
      refusals.made(proposal);
      const end = change.offset + change.inserted.length;
      taken = { ...proposal, start: change.offset, end, atMs: clock.now() };
    }
    if (state) state = { ...state, uri, cursor: change.offset + change.inserted.length };
    const next = firstOf(rest);
    if (typeof next !== "string") show(...next);
    else {
      proposal = undefined;
      silence = "waiting";
      look();
      follows = true;
      tell();
    }
  }

  function changedOtherwise(
    uri: string,
    changes: readonly DocumentChange[],
    reason: EditReason,
    wasLooking: boolean,
  ): void {
    const atPlace = changes.map((change) => follow(uri, change)).includes(true);
    if (reason === "undo") undone(uri, changes);
    else for (const change of changes) if (taken?.uri === uri) taken = moved(taken, change);
    if (reason === "undo" || reason === "redo") drop("undone");
    else if (reason === "bulk" || reason === "reload") drop("bulk");
    else if ((reason === "typed" && !atPlace) || wasLooking) lookAfterChange();
    else if (proposal) tell();
  }

  function lookAfterChange(): void {
    if (!proposal || !isBased()) drop("waiting");
    lookLater();
    tell();
  }

  /** Whether the edit that the proposal follows from is as it was: a name that is typed on is another name. */
  const isBased = (): boolean =>
    !basis || (history.get(basis.uri)?.edits.some(({ id }) => id === basis?.id) ?? false);

  function undone(uri: string, changes: readonly DocumentChange[]): void {
    if (!taken || taken.uri !== uri || clock.now() - taken.atMs > UNDONE_MS) return;
    const { source, start, end } = taken;
    if (!changes.some((change) => touches({ start, end }, change))) return;
    taken = undefined;
    onEvent({ kind: "undone", source });
  }

  function view(): NextEditView {
    const off = state && whyOff(state.uri);
    if (off) return { kind: "none", silence: off, follows: false };
    const document = state && history.get(state.uri);
    const closed = state && !document ? "not-followed" : proposal && whyHidden(state);
    const text = proposal && history.get(proposal.uri)?.text;
    if (!proposal || closed || !state || text === undefined) {
      const id = closed ?? silence;
      return { kind: "none", silence: { id, problem: SILENCES[id] }, follows };
    }
    const { uri, start, end } = proposal;
    const [line, lastLine] = [lineOf(text, start), lineOf(text, end)];
    const here = state.uri === uri ? lineOf(text, state.cursor) : -1;
    const tab = line <= here && here <= lastLine ? "accept" : "jump";
    return { kind: "shown", proposal: { ...proposal, old: text.slice(start, end), line, lastLine }, tab };
  }

  const stopListening = history.listen({
    opened({ uri }) {
      refusals.forget(uri);
      if (proposal?.uri === uri) drop("no-edit");
    },
    closed(uri) {
      refusals.forget(uri);
      leave(uri);
    },
    /** What was refused in the document is kept, what was proposed there is dropped. */
    renamed(uri, file) {
      refusals.renamed(uri, file.uri);
      leave(uri);
    },
    changed(uri, changes, reason) {
      const wasLooking = stopLooking();
      for (const change of changes) {
        refusals.changed(uri, change);
        if (state?.uri === uri) state = { ...state, cursor: cursorAfter(state.cursor, change) };
      }
      if (reason === "accepted") acceptedAt(uri, changes[0]!);
      else changedOtherwise(uri, changes, reason, wasLooking);
    },
  });

  function leave(uri: string): void {
    if (state?.uri === uri) stopLooking();
    if (proposal?.uri === uri) drop("no-edit");
  }

  return {
    view,

    /** Resolves when no source is at work. */
    settled: () => answered,

    /** The cursor, the selection, or what the editor shows of its own; undefined: no editor that is followed has the focus. */
    moved(now: EditorState | undefined): void {
      const before = state;
      state = now;
      if (before?.uri !== now?.uri) stopLooking();
      if (proposal && before && now && hasWandered(before, now, proposal)) drop("wandered");
      tell();
    },

    /** The user asks: looks at once, however long ago the last edit was. */
    ask(): Promise<void> {
      if (view().kind === "none") look(true);
      return answered;
    },

    /** The user looks at it somewhere else: it does not expire. */
    keep: () => clock.clearTimeout(ending),

    tab(): TabAction {
      const now = view();
      if (now.kind === "none") return { kind: "none" };
      const { uri, start, end, fresh, cursor = fresh.length } = now.proposal;
      if (now.tab === "jump") {
        count("jumped");
        shownFromLine = now.proposal.line;
        expireLater();
        return { kind: "jump", uri, offset: landingOf(now.proposal) };
      }
      clock.clearTimeout(waiting);
      return {
        kind: "edit",
        uri,
        change: { offset: start, removed: end - start, inserted: fresh },
        cursor: start + cursor,
      };
    },

    /** Refuses what is on the screen, here and for good. @returns false where nothing of ours was: the key is the editor's */
    escape(): boolean {
      if (view().kind === "none" || !proposal) return false;
      count("refused");
      refusals.add(proposal.uri, proposal);
      clock.clearTimeout(waiting);
      stopLooking();
      drop("dismissed");
      return true;
    },

    dispose(): void {
      stopListening();
      stopLooking();
      for (const timer of [waiting, ending, counting]) clock.clearTimeout(timer);
    },
  };
}

const isAt = ({ uri, cursor }: EditorState, at: EditPlace): boolean =>
  uri === at.uri && cursor >= at.start && cursor <= at.end;
