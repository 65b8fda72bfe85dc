// Text: from characters to token ids and back, and the layouts of prompts.
// Start at tokenizer.ts: it joins special tokens, the pre-tokenizer (pieces.ts) and the merges (bpe.ts).
// Owns byte-level BPE, the streaming detokenizer, fill-in-the-middle prompts, the chat template.
// Promise: the ids of llama.cpp, and no text of a user ever becomes a control token.
// Must not know: GPUs, files.
export { beginsThinking, chatPrompt, renderChat, type TemplateOptions } from "./chat.ts";
export { createDetokenizer } from "./detokenizer.ts";
export {
  type FimLayout,
  type FimParts,
  fimLayout,
  fimPrompt,
  middleRoom,
  middleStart,
  withMiddleFrom,
} from "./fim.ts";
export { createHealing } from "./healing.ts";
export { type Middle, middleTokens } from "./middle.ts";
export { createTokenizer, type Tokenizer } from "./tokenizer.ts";
export { TOKEN_TYPE, type VocabularySource, vocabularyFrom } from "./vocabulary.ts";
