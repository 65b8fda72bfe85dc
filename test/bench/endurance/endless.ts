import type { TypingEvent, TypingRecording } from "../../../engine/complete/index.ts";
import type { ScreenText } from "../../../engine/complete/replay/player.ts";
import type { Random } from "../../reference/random.ts";

const pauseMs = 3000; // between two recordings
const looksMs = 400; // before and after the hands have done something of their own

/** Times are milliseconds of typing. */
export interface Course {
  /** Whether all recordings are played once more. */
  readonly goesOn: (at: number) => boolean;
  /** A recording was played, and its documents are closed. */
  readonly onRecording: (at: number) => void;
  /** All recordings were played once more. */
  readonly onRound: (at: number) => void;
  readonly hands: Hands;
}

/** What is done with suggestions that the recordings do not know: some are accepted, whole or in part, which is undone, or dismissed. */
export interface Hands {
  /** What is on the screen, once all that was yielded before has been answered. */
  readonly screen: () => ScreenText | undefined;
  readonly random: Random;
  readonly done: (what: "seen" | "accepted" | "accepted in part" | "dismissed") => void;
}

/** Recordings one after the other, again and again, as one: each time in new files, which are closed at its end. */
export function* endless(
  recordings: readonly Pick<TypingRecording, "events">[],
  { goesOn, onRecording, onRound, hands }: Course,
): Generator<TypingEvent> {
  let at = 0;
  for (let round = 0; goesOn(at); round++) {
    for (const { events } of recordings) {
      at = (yield* once(events, `round${round}`, at, hands)) + pauseMs;
      onRecording(at);
    }
    onRound(at);
  }
}

/** One recording in a folder of its own; what is open at its end is closed then. @returns when */
function* once(
  events: readonly TypingEvent[],
  folder: string,
  startMs: number,
  hands: Hands,
): Generator<TypingEvent, number> {
  const open = new Set<string>();
  const versions = { last: 0 };
  let at = startMs;
  for (const [i, event] of events.entries()) {
    const here = { ...event, at, uri: `${folder}/${event.uri}` };
    if (here.type === "open") open.add(here.uri);
    if (here.type === "close") open.delete(here.uri);
    if (here.type === "open") yield { ...here, path: here.uri };
    else if (here.type === "change") yield { ...here, version: ++versions.last };
    else yield here;
    const next = events[i + 1];
    if (!next) break;
    at += next.at - event.at;
    if (here.type !== "ask") continue;
    // The cursor where it is, as late as can be: so the question has its answer, if one comes before the next event.
    yield { type: "cursor", at, uri: here.uri, cursor: here.cursor };
    at = yield* handle(hands, at, versions);
  }
  for (const uri of open) yield { type: "close", at: at + pauseMs, uri };
  return at;
}

/** What the hands do with what is on the screen, if anything is. @returns when they have done it */
function* handle(
  { screen, random, done }: Hands,
  at: number,
  versions: { last: number },
): Generator<TypingEvent, number> {
  const shown = screen();
  if (!shown) return at;
  done("seen");
  const kind = random();
  if (kind > 0.3) return at;
  if (kind < 0.1) {
    done("dismissed");
    yield { type: "dismiss", at, uri: shown.uri };
    return at + looksMs;
  }
  const word = kind < 0.2 ? /^\s*\w+/.exec(shown.rest)?.[0] : undefined;
  done(word === undefined ? "accepted" : "accepted in part");
  yield* acceptAndUndo({ ...shown, rest: word ?? shown.rest }, at, versions);
  return at + 2 * looksMs;
}

/** As an editor reports it: the change first. */
function* acceptAndUndo(
  { uri, cursor, rest }: ScreenText,
  at: number,
  versions: { last: number },
): Generator<TypingEvent> {
  const ask = { type: "ask", uri, trigger: "automatic" } as const;
  const accept = { offset: cursor, removed: 0, inserted: rest };
  yield { type: "change", at, uri, version: ++versions.last, changes: [accept] };
  yield { type: "accept", at, uri, cursor, text: rest };
  yield { ...ask, at, cursor: cursor + rest.length };
  const undo = { offset: cursor, removed: rest.length, inserted: "" };
  yield { type: "change", at: at + looksMs, uri, version: ++versions.last, changes: [undo] };
  yield { ...ask, at: at + looksMs, cursor };
}
