import type { Clock } from "../../contract/index.ts";
import type { ReadableFile, Silence } from "../contract.ts";
import {
  createNextEdit,
  type EditorState,
  type EditSource,
  editorOf,
  type Proposal,
  repeatSource,
} from "../edits/index.ts";
import type { NameReader } from "../text/index.ts";
import type { TypingRecording } from "./recording.ts";
import { createVirtualClock } from "./virtual_clock.ts";

export interface NextEdits {
  /** One after the other, each taken before the next; offsets are those of the text at that point. */
  readonly proposals: readonly Proposal[];
  /** Why there is none, or no other. */
  readonly silence: Silence;
}

export interface NextEditsOptions {
  readonly names?: NameReader;
  readonly isExcluded: (file: ReadableFile) => boolean;
  /** Is asked where no replacement follows. */
  readonly model?: (clock: Clock) => EditSource;
}

const PAUSE_MS = 1000; // after the last event: long enough for a proposal, too short for it to go
const MOST = 100;

/** What is proposed in a document after a recording, each proposal being taken. It is one of `finalTexts`. */
export async function nextEditsAfter(
  { events }: TypingRecording,
  uri: string,
  { names, isExcluded, model }: NextEditsOptions,
): Promise<NextEdits> {
  const time = createVirtualClock();
  const sources = [repeatSource(names), ...(model ? [model(time.clock)] : [])];
  const next = createNextEdit({ clock: time.clock, isExcluded, sources });
  const pass = async (untilMs: number) => {
    while (time.step(untilMs)) await next.settled();
  };
  let state = editorOf(uri);
  const place = (at: Pick<EditorState, "uri" | "cursor">) => {
    state = { ...state, ...at };
    next.moved(state);
  };
  for (const event of events) {
    await pass(time.startMs + event.at);
    if (event.type === "open") next.open(event, event.text);
    else if (event.type === "close") next.close(event.uri);
    else if (event.type === "change") {
      next.changed(event.uri, event.changes);
      const last = event.changes.at(-1)!;
      place({ uri: event.uri, cursor: last.offset + last.inserted.length });
    } else if (event.type === "ask" || event.type === "cursor") place(event);
  }
  if (state.uri !== uri) place({ uri, cursor: 0 });
  await pass(time.clock.now() + PAUSE_MS);

  const proposals: Proposal[] = [];
  for (let view = next.view(); view.kind === "shown" && proposals.length < MOST; view = next.view()) {
    proposals.push(view.proposal);
    let action = next.tab();
    if (action.kind === "jump") {
      place({ uri: action.uri, cursor: action.offset });
      action = next.tab();
    }
    if (action.kind !== "edit") break;
    next.changed(action.uri, [action.change], "accepted");
    place({ uri: action.uri, cursor: action.cursor });
    await next.settled();
  }
  const last = next.view();
  const silence =
    last.kind === "none" ? last.silence : { id: "more", problem: `There are more than ${MOST}` };
  return { proposals, silence };
}
