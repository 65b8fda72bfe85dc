import type { Silence } from "../contract.ts";
import type { Proposal } from "../edits/index.ts";
import { createRecordedEditor, type NextEditsOptions } from "./recorded_editor.ts";
import type { TypingRecording } from "./recording.ts";

export interface NextEdits {
  /** One after the other, each taken before the next; offsets are those of the text at that point. */
  readonly proposals: readonly Proposal[];
  /** Why there is none, or no other. */
  readonly silence: Silence;
}

const PAUSE_MS = 1000; // after the last event: long enough for a proposal, too short for it to go
const MOST = 100;

/** What is proposed after a recording in one of its `finalTexts`, each proposal being taken; it may go on in other documents. */
export async function nextEditsAfter(
  { events }: TypingRecording,
  uri: string,
  options: NextEditsOptions,
): Promise<NextEdits> {
  const { next, history, place, placeNow, play, pass } = createRecordedEditor(options);
  for (const event of events) await play(event);
  if (placeNow().uri !== uri) place({ uri, cursor: 0 });
  await pass(PAUSE_MS);

  const proposals: Proposal[] = [];
  for (let view = next.view(); view.kind === "shown" && proposals.length < MOST; view = next.view()) {
    proposals.push(view.proposal);
    let action = next.tab();
    if (action.kind === "jump") {
      place({ uri: action.uri, cursor: action.offset });
      action = next.tab();
    }
    if (action.kind !== "edit") break;
    history.changed(action.uri, [action.change], "accepted");
    place({ uri: action.uri, cursor: action.cursor });
    await next.settled();
  }
  const last = next.view();
  const silence =
    last.kind === "none" ? last.silence : { id: "more", problem: `There are more than ${MOST}` };
  return { proposals, silence };
}
