import { createEditHistory } from "../../../../../engine/complete/edits/history.ts";
import type { EditFormatId } from "../../../../../engine/complete/edits/model/formats.ts";
import { formatById } from "../../../../../engine/complete/edits/model/known_formats.ts";
import { textOfPrompt } from "../../../../../engine/complete/edits/model/pieces.ts";
import type { EditHistoryCase } from "../../../../reference/random_edits.ts";

export const FORMAT_IDS: readonly EditFormatId[] = ["sweep-1", "sweep-2", "zeta-1", "zeta-2.1"];

/** What edit_prompts.py answers, by our builders. */
export function built({ path, cursor, linesBefore, linesAfter, files, events }: EditHistoryCase) {
  let now = 0;
  const history = createEditHistory({ clock: { now: () => now }, isExcluded: () => false });
  const uriOf = (of: string) => `file:///${of}`;
  for (const event of events) {
    if (event.type === "open") history.open({ uri: uriOf(event.path), path: event.path }, event.text);
    else if (event.type === "rename")
      history.renamed(uriOf(event.from), { uri: uriOf(event.to), path: event.to });
    else {
      now = event.at;
      history.changed(uriOf(event.path), [event], event.reason);
    }
  }
  const uri = uriOf(path);
  const context = {
    path,
    text: history.get(uri)!.text,
    cursor,
    hunks: history.hunks(uri),
    past: history.past(),
    files,
    ...(linesBefore !== null && linesAfter !== null && { lastWindow: { linesBefore, linesAfter } }),
  };
  return Object.fromEntries(
    FORMAT_IDS.map((id) => {
      const answer = formatById(id).prompt(context);
      if (typeof answer === "string") return [id, { silence: answer }];
      const { prompt, window, original, maxTokens } = answer;
      return [id, { prompt: textOfPrompt(prompt), window: window.text, original, maxTokens }];
    }),
  );
}
