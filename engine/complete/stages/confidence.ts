import type { Silence } from "../contract.ts";
import { isConfident } from "../policy/index.ts";
import { DISMISSED } from "../silences.ts";
import type { Found } from "./stage.ts";

/** Why a suggestion is not shown automatically; an explicit request shows all of them. */
export function withheld({ question, settings, hit: { entry } }: Found): Silence | null {
  if (question.trigger !== "automatic") return null;
  if (entry.dismissed) return DISMISSED;
  if (!isConfident(entry.acceptEstimate, settings.eagerness))
    return {
      id: "low-confidence",
      problem: `The model was not sure enough (${Math.round(entry.acceptEstimate * 100)} %)`,
      advice: "see the setting “foretype.eagerness”",
      setting: "foretype.eagerness",
    };
  return null;
}
