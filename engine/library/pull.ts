import { mkdir, stat } from "node:fs/promises";
import { UserError } from "../errors/index.ts";
import { openGguf } from "../gguf/index.ts";
import { checkPlan, type Inspect } from "./check.ts";
import type { Progress } from "./checksum.ts";
import { chooseModel } from "./choose.ts";
import { type DownloadOptions, downloadFile } from "./download.ts";
import { safePath } from "./folder.ts";
import { type HubFile, type HubOptions, hubAccess, listRepository } from "./hub.ts";
import { type ModelWish, parseName } from "./names.ts";
import { partBytes } from "./partial.ts";
import type { PullPlan } from "./plan.ts";

export interface DownloadModelOptions extends HubOptions, Pick<DownloadOptions, "disk" | "retryMs"> {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface PullOptions extends DownloadModelOptions {
  /** GPU memory, bytes: where only a repository is named, what fits it is preferred. */
  readonly memoryBytes?: number | undefined;
  /** Judges the model by the headers of its files before anything is stored. */
  readonly inspect?: Inspect | undefined;
  /** Whole sentences. */
  readonly onNote?: ((note: string) => void) | undefined;
}

export interface PulledModel {
  /** Of the model, or of the first part of a split one. */
  readonly path: string;
  readonly repository: string;
  readonly files: readonly string[];
  readonly bytes: number;
  /** False when all of it was there. */
  readonly downloaded: boolean;
}

/**
 * Downloads a model by name (names.ts) into `folder`/OWNER/REPO.
 * @throws UserError for all that the user can fix; the signal's reason when cancelled
 */
export async function pullModel(
  name: string,
  folder: string,
  options: PullOptions = {},
): Promise<PulledModel> {
  const plan = await planPull(name, options);
  if (!options.inspect) return downloadModel(plan, folder, options);
  const checked = await checkPlan(plan, options.inspect, options);
  for (const note of checked.notes) options.onNote?.(note);
  return downloadModel(checked.plan, folder, options);
}

/**
 * Asks the Hub what a name means (names.ts), and chooses.
 * @throws UserError for all that the user can fix; the signal's reason when cancelled
 */
export async function planPull(
  name: string,
  options: HubOptions & Pick<PullOptions, "memoryBytes"> = {},
): Promise<PullPlan> {
  const access = hubAccess(options);
  const wish = parseName(name, access.hub);
  const listing = await listRepository(wish, access);
  return { wish, model: chooseModel(listing, wish, options.memoryBytes) };
}

/**
 * Downloads a model that was found on the Hub: all parts of a split one, and, where they have no MTP block, the file that has it.
 * @throws UserError, and the signal's reason, as `pullModel` does
 */
export async function downloadModel(
  { wish, model }: PullPlan,
  folder: string,
  options: DownloadModelOptions = {},
): Promise<PulledModel> {
  const access = hubAccess(options);
  const placed = (file: HubFile) => placedFile(file, wish, folder);
  const parts = model.parts.map(placed);
  const companions = model.companions.map(placed);
  let files = [...parts, ...companions];
  // All names are good before anything is made on disk.
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      code: "disk",
      problem: `${folder} cannot be made (${error.code})`,
      advice: "choose another folder",
      path: folder,
    });
  });
  const began = performance.now();
  let bytesBefore = 0; // of files that are finished
  let receivedBefore = 0;
  let downloaded = false;
  for (let i = 0; i < files.length; i++) {
    const { target, ...file } = files[i]!;
    const laterBytes = await missingBytes(files.slice(i + 1));
    let last = 0;
    const onBytes: DownloadOptions["onBytes"] = (doing, done, received) => {
      last = received;
      const seconds = (performance.now() - began) / 1000;
      options.onProgress?.({
        doing,
        file: file.path,
        bytesDone: bytesBefore + done,
        bytesTotal: bytesOf(files),
        bytesPerSecond: seconds > 0 ? (receivedBefore + received) / seconds : 0,
      });
    };
    if (await downloadFile(file, target, access, { ...options, laterBytes, onBytes })) downloaded = true;
    bytesBefore += file.bytes;
    receivedBefore += last;
    if (i !== parts.length - 1) continue;
    // Now that the model is here, it says whether it has the block that the other files hold.
    const has = await hasMtpBlock(parts[0]!.target);
    if (has === true) files = parts;
    if (has === false) files = [...files, ...model.spare.filter(({ sha256 }) => sha256).map(placed)];
  }
  return {
    path: files[0]!.target,
    repository: wish.repository,
    files: files.map(({ target }) => target),
    bytes: bytesOf(files),
    downloaded,
  };
}

/** @throws UserError for a file that cannot be verified, or stored */
function placedFile(file: HubFile, wish: ModelWish, folder: string) {
  const { sha256 } = file;
  if (sha256 === undefined) {
    throw new UserError({
      code: "hub",
      problem: `The Hub lists no checksum for ${file.path}, so it cannot be verified`,
      advice: "choose another file",
    });
  }
  return { wish, ...file, sha256, target: safePath(folder, wish.repository, file.path) };
}

const bytesOf = (files: readonly { bytes: number }[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

/** Whether a model on the disk has an MTP block of its own; undefined where its header cannot be read. */
async function hasMtpBlock(path: string): Promise<boolean | undefined> {
  try {
    await using file = await openGguf(path);
    return [...file.tensors.keys()].some((name) => /^mtp\.|\.nextn\.eh_proj\.weight$/.test(name));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** What files that are not there yet still need on the disk. */
async function missingBytes(files: readonly { target: string; bytes: number }[]): Promise<number> {
  const each = files.map(async ({ target, bytes }) => {
    const there = await stat(target).then(
      ({ size }) => size === bytes,
      () => false,
    );
    return there ? 0 : Math.max(0, bytes - (await partBytes(target)));
  });
  return (await Promise.all(each)).reduce((sum, bytes) => sum + bytes, 0);
}
