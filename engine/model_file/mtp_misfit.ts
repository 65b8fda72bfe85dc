import { quoted } from "../errors/index.ts";
import {
  type GgufFile,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
} from "../gguf/index.ts";
import { TOKEN_TYPE } from "../text/index.ts";

/** Keys that a model and its MTP block share. */
const sharedKeys = [
  "embedding_length",
  "attention.head_count",
  "attention.key_length",
  "feed_forward_length",
  "expert_count",
];

/**
 * Why the separate MTP file `mtp` was made for another model than `file`, whose trunk has `layers` blocks; undefined where it
 * was not. Tensors are another matter: `mtpFault`.
 * @throws UserError where a key has another type
 */
export function misfitOf(file: GgufFile, mtp: GgufFile, layers: number): string | undefined {
  const [ours, theirs] = [file, mtp].map((it) => metadataString(it, "general.architecture"));
  if (ours !== theirs) return `it is a ${quoted(theirs!)} model and this one is "${ours}"`;
  for (const key of sharedKeys.map((it) => `${ours}.${it}`)) {
    const here = metadataNumber(file, key, 0);
    const there = metadataNumber(mtp, key, here);
    if (here !== there) return `${key} is ${there} there and ${here} here`;
  }
  const block = blockOf(mtp);
  if (block !== undefined && block !== layers)
    return `its block comes after ${block} layers and this one has ${layers}`;
  return otherTokens(vocabularyOf(file), vocabularyOf(mtp));
}

/** Number of the block that drafts, from 0 on. */
function blockOf({ tensors }: GgufFile): number | undefined {
  for (const name of tensors.keys()) {
    const block = /^blk\.(\d+)\.nextn\.eh_proj\.weight$/.exec(name)?.[1];
    if (block !== undefined) return Number(block);
  }
  return undefined;
}

/** By id; undefined pads. */
function vocabularyOf(file: GgufFile): (string | undefined)[] {
  const types = metadataNumbers(file, "tokenizer.ggml.token_type", []);
  const texts = metadataStrings(file, "tokenizer.ggml.tokens", []);
  return texts.map((text, id) => (types[id] === TOKEN_TYPE.unused ? undefined : text));
}

/** What a block that was trained with other tokens makes of the model's is noise. A file that has no tokens may be any model's. */
function otherTokens(
  here: readonly (string | undefined)[],
  there: readonly (string | undefined)[],
): string | undefined {
  if (here.length === 0 || there.length === 0) return undefined;
  const shared = Math.min(here.length, there.length);
  for (let id = 0; id < shared; id++) {
    if (here[id] !== undefined && there[id] !== undefined && here[id] !== there[id])
      return `token ${id} of its vocabulary is another one than here`;
  }
  const longer = here.length > there.length ? here : there;
  return longer.slice(shared).some((text) => text !== undefined)
    ? `it has ${there.length} tokens and this one has ${here.length}`
    : undefined;
}
