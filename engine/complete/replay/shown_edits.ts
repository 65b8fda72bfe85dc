import {
  applyChange,
  changedInside,
  grown,
  moved,
  type Proposal,
  placesOf,
  type Region,
  touches,
} from "../edits/index.ts";
import type { DocumentChange } from "../metrics/index.ts";
import { atOnce, lineStartOf } from "../text/index.ts";
import { createRecordedEditor, type NextEditsOptions } from "./recorded_editor.ts";
import type { TypingEvent, TypingRecording } from "./recording.ts";

/** A next edit that was on the screen while a recording was played, and what became of its place without it. */
export interface ShownEdit {
  /** Since the recording began. */
  readonly atMs: number;
  readonly untilMs: number;
  readonly path: string;
  /** From 1, where it was shown first. */
  readonly line: number;
  readonly column: number;
  readonly old: string;
  readonly fresh: string;
  /** What Tab would have done at first. */
  readonly tab: "jump" | "accept";
  /** `made`: the same was typed there afterwards; `left`: the old text is there still; or something else was typed. */
  readonly outcome: "made" | "left" | "otherwise";
}

interface Watched extends Omit<ShownEdit, "untilMs" | "outcome"> {
  readonly uri: string;
  untilMs: number | undefined;
  /** Its place with what was typed at its edges. */
  region: Region;
  outcome: ShownEdit["outcome"] | undefined;
}

const PAUSE_MS = 1000; // after the last event: long enough for a proposal

/** The next edits that are shown while a recording is played and none of them is taken, in their order. */
export async function nextEditsDuring(
  { events }: TypingRecording,
  options: NextEditsOptions,
): Promise<ShownEdit[]> {
  const all: Watched[] = [];
  const texts = new Map<string, string>();
  const paths = new Map<string, string>();
  const editor = createRecordedEditor(options, look);

  function look(): void {
    const view = editor.next.view();
    const last = all.at(-1);
    const isOpen = last !== undefined && last.untilMs === undefined;
    if (isOpen && view.kind === "shown" && isSame(last, view.proposal)) return;
    if (isOpen) last.untilMs = editor.nowMs();
    if (view.kind === "none") return;
    const { uri, start, end, old, fresh, line } = view.proposal;
    all.push({
      atMs: editor.nowMs(),
      untilMs: undefined,
      uri,
      path: paths.get(uri)!,
      line: line + 1,
      column: 1 + start - lineStartOf(texts.get(uri)!, start),
      old,
      fresh,
      tab: view.tab,
      region: { start, end, before: old },
      outcome: undefined,
    });
  }

  const watchedIn = (uri: string) => all.filter((one) => one.uri === uri && one.outcome === undefined);
  const judge = (uri: string) => {
    for (const one of watchedIn(uri)) one.outcome = outcomeOf(one, texts.get(uri)!);
  };

  function before(event: TypingEvent): void {
    if (event.type === "open") {
      judge(event.uri);
      texts.set(event.uri, event.text);
      paths.set(event.uri, event.path);
    } else if (event.type === "close") judge(event.uri);
    else if (event.type === "change")
      for (const change of event.changes) {
        const text = texts.get(event.uri)!;
        for (const one of watchedIn(event.uri)) one.region = followed(one.region, text, change);
        texts.set(event.uri, applyChange(text, change));
      }
  }

  for (const event of events) {
    await editor.pass(Math.max(0, event.at - editor.nowMs()));
    before(event);
    await editor.play(event);
  }
  await editor.pass(PAUSE_MS);
  for (const uri of texts.keys()) judge(uri);
  return all.map(({ uri: _uri, region: _region, ...one }) => ({
    ...one,
    untilMs: one.untilMs ?? editor.nowMs(),
    outcome: one.outcome!,
  }));
}

const isSame = (one: Watched, { uri, start, fresh }: Proposal): boolean =>
  one.uri === uri && one.region.start === start && one.fresh === fresh;

function followed(region: Region, text: string, change: DocumentChange): Region {
  const { offset, removed } = change;
  if (touches(region, change)) return changedInside(grown(region, text, offset, offset + removed), change);
  return moved(region, change)!; // outside
}

function outcomeOf({ region: { start, end, before }, fresh }: Watched, text: string): ShownEdit["outcome"] {
  const there = text.slice(start, end);
  if (there === before) return "left";
  return atOnce(placesOf(there, fresh)).length > atOnce(placesOf(before, fresh)).length
    ? "made"
    : "otherwise";
}
