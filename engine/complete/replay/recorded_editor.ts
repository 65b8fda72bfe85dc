import type { Clock } from "../../contract/index.ts";
import type { ReadableFile } from "../contract.ts";
import {
  createEditHistory,
  createNextEdit,
  type EditorState,
  type EditSource,
  editorOf,
  repeatSource,
} from "../edits/index.ts";
import type { NameReader } from "../text/index.ts";
import type { TypingEvent } from "./recording.ts";
import { createVirtualClock } from "./virtual_clock.ts";

export interface NextEditsOptions {
  readonly names?: NameReader;
  readonly isExcluded: (file: ReadableFile) => boolean;
  /** Is asked where no replacement follows. */
  readonly model?: (clock: Clock) => EditSource;
}

/** An editor that does what a recording says, with next edits as the extension has them, in virtual time. */
export function createRecordedEditor(
  { names, isExcluded, model }: NextEditsOptions,
  onChange: () => void = () => {},
) {
  const time = createVirtualClock();
  const sources = [repeatSource(names), ...(model ? [model(time.clock)] : [])];
  const history = createEditHistory({ clock: time.clock, isExcluded });
  const next = createNextEdit({ clock: time.clock, history, sources, onChange });
  let state = editorOf("");

  const place = (at: Pick<EditorState, "uri" | "cursor">) => {
    state = { ...state, ...at };
    next.moved(state);
  };
  const passUntil = async (ms: number) => {
    while (time.step(ms)) await next.settled();
  };

  return {
    next,
    history,
    place,
    placeNow: (): Pick<EditorState, "uri" | "cursor"> => state,
    /** Since the recording began. */
    nowMs: () => time.clock.now() - time.startMs,
    pass: (ms: number) => passUntil(time.clock.now() + ms),
    async play(event: TypingEvent): Promise<void> {
      await passUntil(time.startMs + event.at);
      if (event.type === "open") history.open(event, event.text);
      else if (event.type === "close") history.close(event.uri);
      else if (event.type === "change") {
        history.changed(event.uri, event.changes);
        const last = event.changes.at(-1)!;
        place({ uri: event.uri, cursor: last.offset + last.inserted.length });
      } else if (event.type === "ask" || event.type === "cursor") place(event);
    },
  };
}
