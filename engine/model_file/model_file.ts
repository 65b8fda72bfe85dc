import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EMBEDDED_MODEL, type RemoteFiles } from "../contract/index.ts";
import { type Fault, inOneLine, UserError } from "../errors/index.ts";
import { disk, type GgufFile, openGguf, remoteFileSystem } from "../gguf/index.ts";
import { checkTensors, type Hyperparameters, readHyperparameters, withRopeFactors } from "../model/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../text/index.ts";
import { canonical } from "./dialect.ts";
import { unaskedKeys, watched } from "./metadata_use.ts";
import { modelIn } from "./model_folder.ts";
import { requireModel } from "./model_kind.ts";
import { settleMtp } from "./mtp_block.ts";
import { requireTrunk, withMtpFile } from "./mtp_file.ts";
import type { MtpFiles } from "./reading.ts";
import { typesRefusal } from "./tensor_types.ts";

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
  name === EMBEDDED_MODEL ? join(projectRoot(), "media", "model", "foretype-mini.gguf") : name;

export interface OpenFile {
  /** Still open: the caller closes it. */
  readonly file: GgufFile;
  readonly h: Hyperparameters;
  readonly tokenizer: Tokenizer;
  /** What is particular about the file, whole sentences. */
  readonly notes: readonly string[];
  readonly mtpFiles: MtpFiles;
}

/**
 * Opens a model file, any part of a split one, or the one model in a folder, as far as it goes without a GPU.
 * @param remote where the file lies; left out: on this disk
 * @throws UserError for a file that is no model that we run
 */
export async function openModelFile(path: string, remote?: RemoteFiles): Promise<OpenFile> {
  const open = await readModelFile(path, remote);
  if (!open.refusal) return open;
  await open.file.close();
  throw new UserError(open.refusal);
}

/** As `openModelFile`, but a file in types that cannot be computed with opens too; `refusal` says why. */
export async function readModelFile(
  path: string,
  remote?: RemoteFiles,
): Promise<OpenFile & { readonly refusal?: Fault }> {
  const system = remote ? remoteFileSystem(remote) : disk;
  const asked = new Set<string>();
  let file = watched(await openGguf(remote ? path : await modelIn(path), system), asked);
  try {
    requireModel(file);
    requireTrunk(file);
    const notes: string[] = [];
    let mtpFiles: MtpFiles = { unusable: [] };
    for (const step of [canonical, settleMtp, withMtpFile]) {
      const reading = await step(file, system);
      file = reading.file;
      notes.push(...reading.notes);
      mtpFiles = reading.mtpFiles ?? mtpFiles;
    }
    file = watched(file, asked);
    const read = await withRopeFactors(file, readHyperparameters(file));
    const tokenizer = createTokenizer(vocabularyFrom(file));
    const whole = { ...read, vocabulary: sampledRows(file, read, tokenizer) };
    const keys = unaskedKeys(file, whole.architecture, asked);
    const { h, refusal: own, aside } = checked(file, whole);
    notes.push(...keys.notes, ...(aside ? [asideNote(aside)] : []));
    const refusal = keys.refusal ?? own;
    const { used, unusable } = mtpFiles;
    if (aside && used) mtpFiles = { unusable: [...unusable, { path: used, problem: aside.problem }] };
    return { file, h, tokenizer, notes: notes.map(inOneLine), mtpFiles, ...(refusal && { refusal }) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Checked {
  readonly h: Hyperparameters;
  readonly refusal?: Fault;
  /** Why the MTP block is left out. */
  readonly aside?: Fault;
}

/** What of the file can be computed with: an MTP block that cannot be is left out, as the text is the same without it. */
function checked(file: GgufFile, h: Hyperparameters): Checked {
  const refusal = refusalOf(file, h);
  if (!refusal || h.mtpLayers === 0) return { h, ...(refusal && { refusal }) };
  const trunk = { ...h, mtpLayers: 0 };
  const trunkRefusal = refusalOf(file, trunk);
  return trunkRefusal ? { h, refusal: trunkRefusal } : { h: trunk, aside: refusal };
}

const asideNote = ({ problem }: Fault): string => `The MTP block is left aside: ${problem}.`;

/**
 * The same model without its MTP block, with a note as its last, where loading found the block damaged: the text is the same
 * without it. Throws every other `error` again.
 */
export function withoutDamagedBlock(open: OpenFile, error: unknown): OpenFile {
  if (!(error instanceof UserError) || error.fault.code !== "block-damaged") throw error;
  return { ...open, h: { ...open.h, mtpLayers: 0 }, notes: [...open.notes, asideNote(error.fault)] };
}

/** What is wrong with the tensors; loading would say the same. */
function refusalOf(file: GgufFile, h: Hyperparameters): Fault | undefined {
  const types = typesRefusal(file, h);
  if (types) return types;
  try {
    checkTensors(file, h);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.fault;
    throw error;
  }
}

/**
 * Rows of the embedding and the head that stand for a token: those that pad at the end are no text, and never sampled.
 * @throws UserError where there are fewer rows than tokens
 */
function sampledRows(
  file: GgufFile,
  { vocabulary }: Hyperparameters,
  { size, unusedIds }: Tokenizer,
): number {
  if (size > vocabulary) {
    throw new UserError({
      code: "file-damaged",
      problem: `${file.path} has ${size} tokens and rows for ${vocabulary} of them in token_embd.weight`,
      advice: "download it again or choose another file of this model",
      path: file.path,
    });
  }
  const unused = new Set(unusedIds);
  let rows = size;
  while (rows > 1 && unused.has(rows - 1)) rows--;
  return rows;
}

/** @throws UserError when more is asked for than the model was trained for. */
export function contextFor({ contextLength }: Hyperparameters, asked: number | undefined): number {
  if (asked !== undefined && asked > contextLength) {
    throw new UserError({
      code: "usage",
      problem: `The model was trained for ${contextLength} positions and --context asks for ${asked}`,
      advice: `choose at most ${contextLength}`,
    });
  }
  return asked ?? Math.min(defaultContext, contextLength);
}
