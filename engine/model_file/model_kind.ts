import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import { type GgufFile, metadataNumber, metadataString } from "../gguf/index.ts";

/** How llama.cpp pools the rows of a model that embeds texts: none, mean, first, last, a rank. */
const rankPooling = 4;

/** Architectures of networks that draft from the states of another. */
const drafters = /^(?:dflash|eagle\d*|.*-assistant)$/;

/**
 * Refuses files that lie beside models and are none: projectors, adapters, drafters, importance matrices, embedding models.
 * @throws UserError that says what the file is, and what to name instead
 */
export function requireModel(file: GgufFile): void {
  const other = whatElse(file);
  if (!other) return;
  const [what, advice] = other;
  throw new UserError({
    code: "model-unsupported",
    problem: `${basename(file.path)} ${what}`,
    advice,
    path: file.path,
  });
}

/** What the file is instead, and what to name. */
function whatElse(file: GgufFile): readonly [what: string, advice: string] | undefined {
  const architecture = metadataString(file, "general.architecture", ""); // importance matrices have none
  const type = metadataString(file, "general.type", "model");
  if (architecture === "clip" || type === "mmproj") {
    return ["is the vision projector of a model", "name the model itself, which is the other file"];
  }
  if (type === "adapter") {
    return [
      "is a LoRA adapter, which changes a model and is none",
      "name a model that the adapter was merged into",
    ];
  }
  if (type === "imatrix") {
    return ["is an importance matrix, which models are quantised by", "name the model itself"];
  }
  if (drafters.test(architecture)) {
    return [
      `is a drafter (${architecture}), which proposes tokens to another model`,
      "name the model itself, which drafts without it",
    ];
  }
  const pooling = metadataNumber(file, `${architecture}.pooling_type`, 0);
  if (pooling === rankPooling || file.tensors.has("cls.output.weight")) {
    return ["is a reranker, which scores texts and writes none", "choose a model that completes or chats"];
  }
  if (pooling !== 0 || architecture.includes("bert")) {
    return ["is an embedding model, which writes no text", "choose a model that completes or chats"];
  }
  return undefined;
}
