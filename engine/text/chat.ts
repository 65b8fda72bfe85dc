import type { ChatMessage } from "../contract/index.ts";
import { type Fault, UserError } from "../errors/index.ts";
import { compileTemplate } from "./jinja.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface TemplateOptions {
  /** Left out, the template decides; templates of different sizes of one model differ (NETWORK.md 7.7). */
  readonly enableThinking?: boolean;
  /** Whether the text ends where the assistant's answer starts. */
  readonly addGenerationPrompt: boolean;
}

/**
 * Ids of the conversation, with the start that the model's prompts have; undefined where it has no template.
 * Control tokens come from the template alone: a message that contains `<|im_end|>` contains that text.
 */
export function chatPrompt(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: TemplateOptions,
): number[] | undefined {
  const guard = absentFrom(messages.map(({ content }) => content).join(""));
  const guarded = messages.map(({ role, content }) => ({
    role,
    content: tokenizer.controlTexts.reduce(
      (text, control) => text.replaceAll(control, control[0] + guard + control.slice(1)),
      content,
    ),
  }));
  const text = renderChat(tokenizer.chatTemplate, guarded, options, {
    bos_token: tokenizer.bosText,
    eos_token: tokenizer.eosText,
  });
  if (text === undefined) return undefined;
  return withStart(tokenizer, tokenizer.encode(text, { special: true, guard }));
}

/** A prompt's ids with the token that the model's prompts begin with, which templates may have written already. */
export function withStart({ startId }: Pick<Tokenizer, "startId">, ids: number[]): number[] {
  return startId === undefined || ids[0] === startId ? ids : [startId, ...ids];
}

const TAIL = 16; // tokens: `<think>` and line breaks, also where the vocabulary spells them by characters

/** Whether what follows a prompt begins as a thought: its template has opened the block. */
export function beginsThinking(tokenizer: Tokenizer, prompt: readonly number[]): boolean {
  return tokenizer.decode(prompt.slice(-TAIL), { special: true }).trimEnd().endsWith("<think>");
}

/** A noncharacter, repeated until the text does not contain it. */
export function absentFrom(text: string): string {
  let guard = "\ufdd0";
  while (text.includes(guard)) guard += "\ufdd0";
  return guard;
}

/**
 * The conversation as text, with control tokens spelled out; undefined where the model has no template.
 * System messages become one at the front: templates refuse them anywhere else. `names` are further values for it.
 * A block that a template opens though thinking is off, as those of models that always think do, is closed at once.
 * What the template refuses is a UserError with the template's own words.
 */
export function renderChat(
  template: string | undefined,
  messages: readonly ChatMessage[],
  { enableThinking, addGenerationPrompt }: TemplateOptions,
  names: Readonly<Record<string, string>> = {},
): string | undefined {
  if (template === undefined) return undefined;
  const values = {
    ...names,
    messages: systemFirst(messages),
    add_generation_prompt: addGenerationPrompt,
    ...(enableThinking !== undefined && { enable_thinking: enableThinking }),
  };
  const parsed = asFault(
    () => compileTemplate(template),
    (reason) => ({
      code: "model-unsupported",
      problem: `The model's chat template cannot be read (${reason})`,
      advice: "choose another file of this model",
    }),
  );
  const text = asFault(
    () => parsed(values),
    (reason) => ({
      code: "model-unsupported",
      problem: `The model's chat template fails on these ${messages.length} messages (${reason})`,
      advice: "change the request or choose another model",
    }),
  );
  const opened = addGenerationPrompt && text.trimEnd().endsWith("<think>");
  return opened && enableThinking === false ? `${text.trimEnd()}\n\n</think>\n\n` : text;
}

function asFault<T>(run: () => T, fault: (reason: string) => Fault): T {
  try {
    return run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(fault(`“${reason.replace(/\s+/g, " ").trim()}”`));
  }
}

function systemFirst(messages: readonly ChatMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === "system");
  const rest = messages.filter(({ role }) => role !== "system");
  if (system.length === 0) return rest;
  return [{ role: "system", content: system.map(({ content }) => content).join("\n\n") }, ...rest];
}
