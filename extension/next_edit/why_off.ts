import { closedDocument, type PipelineSettings, type Silence } from "../../engine/complete/index.ts";
import type { Settings } from "../settings/index.ts";

/** What the settings and the editor say of next edits in a document. */
export interface OffSigns {
  readonly nextEdit: Settings["nextEdit"];
  readonly pipeline: PipelineSettings;
  readonly document: Parameters<typeof closedDocument>[0];
  /** A text editor: no side of a diff, no cell of a notebook. */
  readonly isPlain: boolean;
  readonly isCopilotOn: boolean;
  /** The user has pressed the key for it. */
  readonly isAsked: boolean;
  readonly nowMs: number;
}

/** Why no next edit is shown in a document, whatever was edited there. */
export function whyOff(signs: OffSigns): Silence | undefined {
  const { nextEdit, pipeline, document, isAsked } = signs;
  if (nextEdit === "off")
    return {
      id: "next-edit-off",
      problem: "Next edits are off",
      advice: "see the setting “foretype.nextEdit”",
      setting: "foretype.nextEdit",
    };
  if (signs.isCopilotOn)
    return {
      id: "copilot",
      problem: "GitHub Copilot proposes next edits here, and both would want Tab",
      advice: "turn off “github.copilot.nextEditSuggestions.enabled” to have Foretype's",
      setting: "github.copilot.nextEditSuggestions.enabled",
    };
  if (!signs.isPlain)
    return { id: "no-plain-editor", problem: "Next edits are not shown in diffs and notebooks" };
  const closed = closedDocument(document, isAsked ? "invoked" : "automatic", pipeline);
  if (closed || isAsked) return closed ?? undefined;
  if (pipeline.snoozedUntilMs > signs.nowMs)
    return {
      id: "snoozed",
      problem: "Suggestions are snoozed",
      advice: "click the status bar item to end that",
    };
  if (pipeline.trigger === "manual")
    return {
      id: "manual",
      problem: "Suggestions come only when you ask, next edits too",
      advice: "see the setting “foretype.trigger”",
      setting: "foretype.trigger",
    };
  return undefined;
}
