import type { DraftMode } from "../../draft/index.ts";
import type { DraftStatistics } from "../../generate/index.ts";

/**
 * Outcome of the drafts of a generation, by source and by depth, or why there were none.
 * @param mode the session's
 * @param wanted what the user asked for
 */
export function draftSentence(drafts: DraftStatistics, mode: DraftMode, wanted: DraftMode = "off"): string {
  if (drafts.drafted === 0) {
    if (mode !== "off") return "nothing was drafted";
    return wanted === "auto" ? "no drafts, they cost as much as they save on a software device" : "no drafts";
  }
  const sources = Object.entries(drafts.bySource).map(
    ([source, { drafted, accepted }]) => `${accepted} of ${drafted} drafted by ${source} accepted`,
  );
  const depths = drafts.byDepth
    .slice(0, 8)
    .map(({ judged, accepted }) => (judged === 0 ? "–" : `${Math.round((100 * accepted) / judged)} %`));
  return `${sources.join(", ")} (${depths.join(", ")} at depth 1, 2, …)`;
}
