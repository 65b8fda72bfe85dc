import type { ChatDelta, ChatRequest, GenerationEnd } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { beginsThinking, chatPrompt, createDetokenizer, type Tokenizer } from "../text/index.ts";
import { endOf, type TokenSource } from "./completer.ts";
import { beginningAtEnd } from "./stops.ts";
import { streamText } from "./text_stream.ts";

const thinkingStart = "<think>";
const thinkingEnd = "</think>";

/** A session as a chat model: the model's own chat template around the messages, text streamed. */
export function createChat(session: Pick<TokenSource, "evaluator" | "generate">, tokenizer: Tokenizer) {
  return {
    /** @throws UserError, when iterated, if the model has no chat template or the conversation exceeds the context. */
    async *chat(request: ChatRequest): AsyncGenerator<ChatDelta, GenerationEnd, undefined> {
      const { temperature = 0, seed = 0 } = request;
      const ids = conversationIds(tokenizer, request, session.evaluator.context);
      const draws = session.generate(ids, {
        maxTokens: request.maxTokens,
        endIds: tokenizer.endIds,
        signal: request.signal,
        original: request.original ? tokenizer.encode(request.original, { special: false }) : undefined,
        sampling: { temperature, topK: 20, topP: 0.95, minP: 0, seed },
      });
      const texts = streamText(draws, {
        detokenizer: createDetokenizer(tokenizer),
        endIds: tokenizer.endIds,
      });
      const split = splitThinking(beginsThinking(tokenizer, ids));
      try {
        for (;;) {
          const { value, done } = await texts.next();
          for (const delta of split(done ? "" : value.text, done ?? false)) yield delta;
          if (done) return endOf(value);
        }
      } finally {
        await draws.return();
      }
    },
  };
}

function conversationIds(
  tokenizer: Tokenizer,
  { messages, thinking = false }: ChatRequest,
  context: number,
): readonly number[] {
  const ids = chatPrompt(tokenizer, messages, { enableThinking: thinking, addGenerationPrompt: true });
  if (!ids)
    throw new UserError({
      code: "model-role",
      problem: "This model has no chat template, it only completes",
      advice: "choose a chat model",
    });
  if (ids.length >= context)
    throw new UserError({
      code: "prompt-length",
      problem: `The conversation has ${ids.length} tokens and the model's context holds ${context}`,
      advice: "select less code or start a new conversation",
    });
  return ids;
}

/**
 * Separates thoughts from the answer. Text before `</think>` is thought if the prompt ends in an open block (`begun`) or the
 * model opens one itself. White space after a block belongs to neither.
 */
export function splitThinking(begun: boolean): (text: string, end: boolean) => ChatDelta[] {
  let mode: "start" | "thinking" | "gap" | "text" = begun ? "thinking" : "start";
  let held = "";
  let deltas: ChatDelta[] = [];

  function emit(kind: ChatDelta["kind"], length: number): void {
    if (length > 0) deltas.push({ kind, text: held.slice(0, length) });
    held = held.slice(length);
  }
  function start(end: boolean): void {
    const first = held.trimStart();
    if (first.startsWith(thinkingStart)) {
      mode = "thinking";
      held = first.slice(thinkingStart.length);
    } else if (end || !thinkingStart.startsWith(first)) mode = "text";
  }
  function think(end: boolean): void {
    const at = held.indexOf(thinkingEnd);
    // The tag may arrive in pieces.
    emit("thinking", at >= 0 ? at : held.length - (end ? 0 : beginningAtEnd(held, thinkingEnd)));
    if (at < 0) return;
    mode = "gap";
    held = held.slice(thinkingEnd.length);
  }
  function skipGap(): void {
    held = held.trimStart();
    if (held !== "") mode = "text";
  }

  return (text, end) => {
    held += text;
    deltas = [];
    if (mode === "start") start(end);
    if (mode === "thinking") think(end);
    if (mode === "gap") skipGap();
    if (mode === "text") emit("text", held.length);
    return deltas;
  };
}
