import type { ModelDescription } from "../../engine/contract/index.ts";
import type { Fault } from "../../engine/errors/index.ts";
import type { L10n } from "../l10n.ts";
import type { ModelRole } from "../services.ts";
import { bytesOf } from "../status/status_text.ts";

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

/** What to know before a model is chosen that this GPU has no memory for; undefined where it has, or nobody knows. */
export function memoryWarning(
  { neededBytes }: ModelDescription,
  memoryBytes: number | null,
  l10n: L10n,
): string | undefined {
  return memoryBytes !== null && neededBytes > memoryBytes
    ? l10n.t(
        "It needs {0} of GPU memory and this GPU has {1}: choose a smaller one, or expect a shorter context.",
        bytesOf(neededBytes),
        bytesOf(memoryBytes),
      )
    : undefined;
}

/** What is wrong with a model: it is too large for the GPU, or its file is gone or no good. */
export type ModelTrouble = "memory" | "file";

/** Whether another model is the way out of a fault, and what kind of model. */
export function modelTrouble({ code }: Fault): ModelTrouble | undefined {
  if (code === "memory") return "memory";
  return code.startsWith("file-") || code.startsWith("model-") ? "file" : undefined;
}
