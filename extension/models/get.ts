import { join } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../engine/errors/index.ts";
import {
  type ChoosableModel,
  chooseModel,
  type HubFile,
  hubAccess,
  listRepository,
  type ModelWish,
  modelsIn,
  neededBytes,
  nextSmaller,
  parseName,
  type Smaller,
} from "../../engine/library/index.ts";
import { showError, showInformation, showProgress } from "../editor/index.ts";
import type { ModelRole } from "../services/index.ts";
import { baseName, diskBytes } from "../words/index.ts";
import { checkModel } from "./check.ts";
import { confirmation, repositoryRows } from "./download_text.ts";
import { type DownloadRequest, filesOf, type Outcome } from "./downloads.ts";
import { freeBytes, isThere } from "./files.ts";
import { entryTitle } from "./list.ts";
import { gpuMemory, libraryFolder, type ModelsOptions } from "./options.ts";
import { refusal } from "./roles.ts";
import { useModel } from "./use.ts";

export interface Order {
  /** A catalogue id, or what `pullModel` takes. */
  readonly name: string;
  readonly license?: string;
  /** The user agreed to this download before. */
  readonly agreed?: boolean;
  readonly role: ModelRole | undefined;
}

/** Asks for a name on the Hub, and checks it as it is typed. */
export async function askForName(options: ModelsOptions, before = ""): Promise<string | undefined> {
  const { hub } = hubAccess({ hub: options.settings.current.library.hub });
  return vscode.window.showInputBox({
    title: "Get a Model from the Hub",
    prompt: `Pressing Enter asks ${new URL(hub).host} which files there are.`,
    placeHolder: "OWNER/REPO, OWNER/REPO:QUANT, OWNER/REPO/FILE.gguf or an address",
    value: before,
    ignoreFocusOut: true, // an address is copied from a browser
    validateInput(text) {
      if (text.trim() === "") return undefined;
      try {
        parseName(text, hub);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
  });
}

/** Lists what the Hub has by a name, lets the user choose and agree, downloads, and offers the model for its roles. */
export async function getModel(options: ModelsOptions, order: Order): Promise<void> {
  let request: DownloadRequest | undefined;
  try {
    request = await prepare(options, order);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const change = "Change the Name…";
    const retry = "Try Again";
    const choice = await showError(error.message, retry, change);
    if (choice === retry) return getModel(options, order);
    const name = choice === change ? await askForName(options, order.name) : undefined;
    return name ? getModel(options, { name, role: order.role }) : undefined;
  }
  if (!request) return;
  const { title } = request;
  const files = filesOf(request.plan);
  if (options.downloads.running.some(({ names }) => names.some((name) => files.includes(name)))) {
    const message = `${title} is being downloaded already: its notification shows how far it is.`;
    return void showInformation(message);
  }
  await download(options, request, order.role);
}

/** What the Hub answered about a name, and what this machine has for it. */
interface Found {
  readonly wish: ModelWish;
  readonly listing: readonly HubFile[];
  readonly memoryBytes: number | null;
}

/** Asks the Hub, once: what the user picks and agrees to is what is downloaded. */
async function prepare(options: ModelsOptions, order: Order): Promise<DownloadRequest | undefined> {
  const { hub } = options.settings.current.library;
  const wish = parseName(order.name, hubAccess({ hub }).hub);
  const listing = await askHub(wish, hub);
  if (!listing) return undefined;
  const found = { wish, listing, memoryBytes: await gpuMemory(options) };
  const model = (await ownerOf(options, found)) ?? (await chooseOne(found));
  return model && agreeOn(options, order, found, model);
}

/** Checks a model, and asks whether to download it, or a smaller one instead where it is too large. */
async function agreeOn(
  options: ModelsOptions,
  order: Order,
  found: Found,
  chosen: ChoosableModel<HubFile>,
): Promise<DownloadRequest | undefined> {
  const { wish, memoryBytes } = found;
  const checked = await checkModel(options, { wish, model: chosen });
  if (!checked) return undefined;
  const { plan, found: description } = checked;
  const { model } = plan;
  const title = baseName(model.name);
  const folder = libraryFolder(options);
  const request = { title, plan, folder, hub: options.settings.current.library.hub };
  if (order.agreed) {
    for (const note of checked.notes) void showInformation(note);
    return request;
  }
  const needed = description?.neededBytes ?? neededBytes(model.bytes);
  const smaller = smallerThan(model, needed, found);
  const unable = order.role && description && refusal(description, order.role);
  const { question, detail } = confirmation({
    title,
    repository: wish.repository,
    model,
    folder,
    freeBytes: await freeBytes(folder),
    needed: description?.neededBytes,
    memoryBytes,
    license: order.license,
    notes: [...checked.notes, ...(unable ? [unable] : [])],
    smaller: smaller && titleOf(smaller),
  });
  const yes = "Download";
  const instead = smaller && `${titleOf(smaller)} Instead…`;
  const modal = { modal: true, detail };
  const answers = [yes, ...(instead ? [instead] : [])];
  const answer = await showInformation(question, modal, ...answers);
  if (answer === yes) return request;
  if (!smaller || answer !== instead) return undefined;
  return smaller.from === "repository"
    ? agreeOn(options, order, found, smaller.model)
    : prepare(options, { name: smaller.entry.id, role: order.role });
}

/** What a repository holds; undefined if the user did not wait for it. */
async function askHub(wish: ModelWish, hub: string): Promise<HubFile[] | undefined> {
  const host = new URL(hubAccess({ hub }).hub).host;
  return showProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Asking ${host} what ${wish.repository} holds`,
      cancellable: true,
    },
    async (_, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      try {
        return await listRepository(wish, hubAccess({ hub, signal: controller.signal }));
      } catch (error) {
        if (controller.signal.aborted) return undefined;
        throw error;
      }
    },
  );
}

/** The model that an MTP file was downloaded for, which is here already: a download may have stopped at that file. */
async function ownerOf(
  options: ModelsOptions,
  { listing, wish: { file, repository } }: Found,
): Promise<ChoosableModel<HubFile> | undefined> {
  for (const model of modelsIn(listing))
    if ([...model.companions, ...model.spare].some(({ path }) => path === file))
      if (await isThere(join(libraryFolder(options), repository, model.parts[0]!.path))) return model;
  return undefined;
}

/** The model that was named; where only a repository was, one that the user picks. */
async function chooseOne({
  listing,
  wish,
  memoryBytes,
}: Found): Promise<ChoosableModel<HubFile> | undefined> {
  const models = modelsIn(listing).filter(({ missing }) => missing === 0);
  if (wish.file !== undefined || wish.quant !== undefined || models.length === 0)
    return chooseModel(listing, wish);
  if (models.length === 1) return models[0];
  const rows = repositoryRows(models, usual({ listing, wish, memoryBytes }), memoryBytes);
  const choice = await vscode.window.showQuickPick(rows, {
    title: wish.repository,
    placeHolder: "Which one? Fewer bits are smaller and quicker, and a little less exact.",
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return choice?.model;
}

/** The one that a download without questions would take; undefined where that is not clear. */
function usual({ listing, wish, memoryBytes }: Found): string | undefined {
  try {
    return chooseModel(listing, wish, memoryBytes ?? undefined).name;
  } catch {
    return undefined;
  }
}

/** What to take instead of a model that is too large: of the same repository, or else of the catalogue. */
function smallerThan(
  { bytes }: ChoosableModel,
  needed: number,
  { listing, memoryBytes }: Found,
): Smaller<HubFile> | undefined {
  if (memoryBytes === null || needed <= memoryBytes) return undefined;
  const siblings = modelsIn(listing).filter(({ missing }) => missing === 0);
  return nextSmaller(bytes, memoryBytes, siblings);
}

const titleOf = (smaller: Smaller<HubFile>): string =>
  smaller.from === "repository" ? baseName(smaller.model.name) : entryTitle(smaller.entry);

async function download(
  options: ModelsOptions,
  request: DownloadRequest,
  role: ModelRole | undefined,
): Promise<void> {
  const { title } = request;
  const { bytes } = request.plan.model;
  const outcome: Outcome = await options.downloads.run(request);
  const again = () => download(options, request, role);
  switch (outcome.kind) {
    case "done": {
      const use = "Use It…";
      const message = `${title} is on this machine; its checksum is the published one.`;
      if ((await showInformation(message, use)) === use) await useModel(options, outcome.model.path, role);
      return;
    }
    case "stopped": {
      const resume = "Resume";
      const sizes = `${diskBytes(outcome.bytesDone, bytes)} of ${diskBytes(bytes)}`;
      const message = `The download of ${title} stopped at ${sizes}: resume it now, or later in “Foretype: Manage Models…”.`;
      if ((await showInformation(message, resume)) === resume) await again();
      return;
    }
    case "failed": {
      const retry = "Retry";
      if (!(outcome.error instanceof UserError)) throw outcome.error;
      const { message } = outcome.error;
      if ((await showError(message, retry)) === retry) await again();
    }
  }
}
