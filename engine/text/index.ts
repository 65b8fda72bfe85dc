// Text: from characters to token ids and back, and the layouts of prompts.
// Start at tokenizer.ts: it joins special tokens with a spelling: byte-level BPE (bpe.ts) after a pre-tokenizer
// (pre_tokenizers.ts), or SentencePiece (sentencepiece.ts).
// Owns both, the streaming detokenizer, fill-in-the-middle prompts, the chat template.
// Promise: the ids of llama.cpp, and no text of a user ever becomes a control token.
// Must not know: GPUs, files.
export { beginsThinking, chatPrompt, renderChat, type TemplateOptions, withStart } from "./chat.ts";
export { createDetokenizer, type Detokenizer } from "./detokenizer.ts";
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
export { piecedPrompt } from "./pieced_prompt.ts";
export { createTokenizer, type Tokenizer } from "./tokenizer.ts";
export { TOKEN_TYPE, type VocabularySource, vocabularyFrom } from "./vocabulary.ts";
