import type { TypingEvent, TypingRecording } from "../../../engine/complete/index.ts";

const pauseMs = 3000; // between two recordings

/** Times are milliseconds of typing. */
export interface Course {
  /** Whether all recordings are played once more. */
  readonly goesOn: (at: number) => boolean;
  /** A recording was played, and its documents are closed. */
  readonly onRecording: (at: number) => void;
  /** All recordings were played once more. */
  readonly onRound: (at: number) => void;
}

/** Recordings one after the other, again and again, as one: each time in new files, which are closed at its end. */
export function* endless(
  recordings: readonly Pick<TypingRecording, "events">[],
  { goesOn, onRecording, onRound }: Course,
): Generator<TypingEvent> {
  let at = 0;
  for (let round = 0; goesOn(at); round++) {
    for (const { events } of recordings) {
      yield* once(events, `round${round}`, at);
      at += lastOf(events) + pauseMs;
      onRecording(at);
    }
    onRound(at);
  }
}

const lastOf = (events: readonly TypingEvent[]): number => events.at(-1)?.at ?? 0;

/** One recording in a folder of its own; what is open at its end is closed then. */
function* once(events: readonly TypingEvent[], folder: string, startMs: number): Generator<TypingEvent> {
  const open = new Set<string>();
  for (const event of events) {
    const here = { ...event, at: startMs + event.at, uri: `${folder}/${event.uri}` };
    if (here.type === "open") open.add(here.uri);
    if (here.type === "close") open.delete(here.uri);
    yield here.type === "open" ? { ...here, path: here.uri } : here;
  }
  for (const uri of open) yield { type: "close", at: startMs + lastOf(events) + pauseMs, uri };
}
