import { Template } from "@huggingface/jinja";
import { UserError } from "../errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatOptions {
  /** Left out, the template decides; templates of different sizes of one model differ (model.md 7.7). */
  readonly enableThinking?: boolean;
  /** Whether the text ends where the assistant's answer starts. */
  readonly addGenerationPrompt: boolean;
}

/**
 * Ids of the conversation; undefined where the model has no template.
 * Control tokens come from the template alone: a message that contains `<|im_end|>` contains that text.
 */
export function chatPrompt(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions,
): number[] | undefined {
  const guard = absentFrom(messages.map(({ content }) => content).join(""));
  const guarded = messages.map(({ role, content }) => ({
    role,
    content: tokenizer.controlTexts.reduce(
      (text, control) => text.replaceAll(control, control[0] + guard + control.slice(1)),
      content,
    ),
  }));
  const text = renderChat(tokenizer.chatTemplate, guarded, options);
  return text === undefined ? undefined : tokenizer.encode(text, { special: true, guard });
}

/** A noncharacter, repeated until the text does not contain it. */
function absentFrom(text: string): string {
  let guard = "\ufdd0";
  while (text.includes(guard)) guard += "\ufdd0";
  return guard;
}

/**
 * The conversation as text, with control tokens spelled out; undefined where the model has no template.
 * System messages become one at the front: templates refuse them anywhere else.
 * What the template refuses is a UserError with the template's own words.
 */
export function renderChat(
  template: string | undefined,
  messages: readonly ChatMessage[],
  { enableThinking, addGenerationPrompt }: ChatOptions,
): string | undefined {
  if (template === undefined) return undefined;
  const values = {
    messages: systemFirst(messages),
    add_generation_prompt: addGenerationPrompt,
    ...(enableThinking !== undefined && { enable_thinking: enableThinking }),
  };
  try {
    return new Template(template).render(values);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `The model's chat template fails on these ${messages.length} messages (“${reason}”): change the request or choose another model.`,
    );
  }
}

function systemFirst(messages: readonly ChatMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === "system");
  const rest = messages.filter(({ role }) => role !== "system");
  if (system.length === 0) return rest;
  return [{ role: "system", content: system.map(({ content }) => content).join("\n\n") }, ...rest];
}
