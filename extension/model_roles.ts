import type { ModelDescription } from "../engine/protocol.ts";
import type { L10n } from "./l10n.ts";
import type { ModelRole } from "./services.ts";
import { bytesOf } from "./status_text.ts";

/** Why a model cannot fill a role; undefined where it can. */
export function refusal(
  { name, completes, chats }: ModelDescription,
  role: ModelRole,
  l10n: L10n,
): string | undefined {
  if (role === "completion" && !completes)
    return l10n.t(
      "“{0}” cannot complete code, because it has no fill-in-the-middle tokens: choose a model that was trained with them.",
      name,
    );
  if (role === "chat" && !chats)
    return l10n.t(
      "“{0}” cannot explain or refactor, because it has no chat template: choose an instruction-tuned model.",
      name,
    );
  return undefined;
}

/** What a model is, in one line. */
export function modelFacts(model: ModelDescription, l10n: L10n): string {
  const parameters =
    model.parameters >= 1e9
      ? l10n.t("{0} B parameters", (model.parameters / 1e9).toFixed(1))
      : l10n.t("{0} M parameters", (model.parameters / 1e6).toFixed(1));
  const skills = [
    ...(model.completes ? [l10n.t("completes")] : []),
    ...(model.chats ? [l10n.t("explains and refactors")] : []),
  ];
  return [
    parameters,
    l10n.t("needs {0} of GPU memory", bytesOf(model.neededBytes)),
    ...(skills.length > 0 ? [skills.join(", ")] : []),
  ].join(" · ");
}
