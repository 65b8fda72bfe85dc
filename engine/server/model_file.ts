import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { type GgufFile, openGguf } from "../gguf/index.ts";
import { type Hyperparameters, readHyperparameters } from "../model/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../text/index.ts";
import { requireTrunk, withMtpFile } from "./mtp_file.ts";

/** A completion prompt with room to spare; longer contexts are asked for. */
const defaultContext = 8192;

/** Folder of package.json, above this file in the source tree and above the bundle alike. */
export function projectRoot(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, "package.json")) || at === dirname(at)) return at;
  }
}

/** A path, or `mini` for the embedded model. */
export const modelPath = (name: string): string =>
  name === "mini" ? join(projectRoot(), "media", "model", "foretype-mini.gguf") : name;

export interface OpenFile {
  /** Still open: whoever asked closes it. */
  readonly file: GgufFile;
  readonly h: Hyperparameters;
  readonly tokenizer: Tokenizer;
}

/** Opens a model file as far as it goes without a GPU. @throws UserError for a file that is no model that we run. */
export async function openModelFile(path: string): Promise<OpenFile> {
  let file = await openGguf(path);
  try {
    requireTrunk(file);
    file = await withMtpFile(file);
    return { file, h: readHyperparameters(file), tokenizer: createTokenizer(vocabularyFrom(file)) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws UserError when more is asked for than the model was trained for. */
export function contextFor({ contextLength }: Hyperparameters, asked: number | undefined): number {
  if (asked !== undefined && asked > contextLength) {
    throw new UserError(
      `The model was trained for ${contextLength} positions and --context asks for ${asked}: choose at most ${contextLength}.`,
    );
  }
  return asked ?? Math.min(defaultContext, contextLength);
}
