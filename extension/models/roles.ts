import type { ModelDescription } from "../../engine/contract/index.ts";
import type { Fault } from "../../engine/errors/index.ts";
import type { ModelRole } from "../services/index.ts";
import { bytesOf } from "../words/index.ts";

/** Why a model cannot fill a role; undefined where it can. */
export function refusal({ name, completes, chats }: ModelDescription, role: ModelRole): string | undefined {
  if (role === "completion" && !completes)
    return `“${name}” cannot complete code, because it has no fill-in-the-middle tokens: choose a model that was trained with them.`;
  if (role === "chat" && !chats)
    return `“${name}” cannot explain or refactor, because it has no chat template: choose an instruction-tuned model.`;
  return undefined;
}

/** What a model is, in one line. */
export function modelFacts(model: ModelDescription): string {
  const parameters =
    model.parameters >= 1e9
      ? `${(model.parameters / 1e9).toFixed(1)} B parameters`
      : `${(model.parameters / 1e6).toFixed(1)} M parameters`;
  const skills = [
    ...(model.completes ? ["completes"] : []),
    ...(model.chats ? ["explains and refactors"] : []),
  ];
  return [
    parameters,
    `needs ${bytesOf(model.neededBytes)} of GPU memory`,
    ...(skills.length > 0 ? [skills.join(", ")] : []),
  ].join(" · ");
}

/** What to know before a model is chosen that this GPU has no memory for; undefined where it has, or its memory is unknown. */
export function memoryWarning(
  { neededBytes }: ModelDescription,
  memoryBytes: number | null,
): string | undefined {
  return memoryBytes !== null && neededBytes > memoryBytes
    ? `It needs ${bytesOf(neededBytes)} of GPU memory and this GPU has ${bytesOf(memoryBytes)}: choose a smaller one, or expect a shorter context.`
    : undefined;
}

/** What is wrong with a model: it is too large for the GPU, or its file is gone or invalid. */
export type ModelTrouble = "memory" | "file";

/** Whether another model is the way out of a fault, and what kind of model. */
export function modelTrouble({ code }: Fault): ModelTrouble | undefined {
  if (code === "memory") return "memory";
  return code.startsWith("file-") || code.startsWith("model-") ? "file" : undefined;
}
