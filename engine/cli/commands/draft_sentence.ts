import type { DraftMode } from "../../draft/index.ts";
import type { Session } from "../../generate/index.ts";

/** What drafts brought in the last generation, by source and by depth, or why there were none. */
export function draftSentence({ statistics, draftMode }: Session, wanted: DraftMode = "off"): string {
  if (statistics.drafted === 0) {
    if (draftMode !== "off") return "nothing was drafted";
    return wanted === "auto" ? "no drafts, they cost as much as they save on a software device" : "no drafts";
  }
  const sources = Object.entries(statistics.bySource).map(
    ([source, { drafted, accepted }]) => `${accepted} of ${drafted} drafted by ${source} accepted`,
  );
  const depths = statistics.byDepth
    .slice(0, 8)
    .map(({ judged, accepted }) => (judged === 0 ? "–" : `${Math.round((100 * accepted) / judged)} %`));
  return `${sources.join(", ")} (${depths.join(", ")} at depth 1, 2, …)`;
}
