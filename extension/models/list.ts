import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import type { CatalogueEntry, InstalledModel, PartialDownload } from "../../engine/library/index.ts";
import {
  aboutBytes,
  catalogue,
  entriesThatFit,
  neededBytes,
  recommendedEntry,
} from "../../engine/library/index.ts";
import type { ModelRole } from "../services/index.ts";
import { baseName, bytesOf, diskBytes } from "../words/index.ts";
import { percentDone } from "./download_text.ts";

/** A file that the user chose before, or that a setting names, wherever it lies. */
export interface KnownFile {
  readonly path: string;
  /** Null where nothing is there. */
  readonly bytes: number | null;
}

/** A download of this window that runs. */
export interface RunningDownload {
  readonly title: string;
  /** Of its files, as `PartialDownload` names them. */
  readonly names: readonly string[];
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** What a pick or a button does. */
export type Act =
  | { readonly do: "use"; readonly path: string }
  | { readonly do: "verify" | "delete"; readonly model: InstalledModel }
  | { readonly do: "reveal" | "forget"; readonly path: string }
  | { readonly do: "unload" }
  /** `name`: as `pullModel` takes it. */
  | { readonly do: "get"; readonly name: string; readonly license?: string }
  /** Continues a download that the user agreed to before. */
  | { readonly do: "resume"; readonly name: string }
  | { readonly do: "discard"; readonly partial: PartialDownload }
  | { readonly do: "cancel"; readonly download: RunningDownload }
  | { readonly do: "ask-name" | "browse" | "choose-folder" };

export interface Row {
  readonly icon: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly act: Act;
  readonly buttons: readonly Act[];
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface ListInput {
  readonly completionPath: string;
  readonly chatPath: string;
  readonly installed: readonly InstalledModel[];
  readonly partials: readonly PartialDownload[];
  readonly running: readonly RunningDownload[];
  readonly files: readonly KnownFile[];
  /** Paths of the models that are on the GPU now. */
  readonly loaded: readonly string[];
  /** Of the GPU; null where it is unknown, and then nothing is said to fit. */
  readonly memoryBytes: number | null;
  /** Only entries that can fill it are offered. */
  readonly role: ModelRole | undefined;
  readonly home: string;
  /** Whether this machine's file manager can be opened. */
  readonly canReveal: boolean;
}

/** The list of `Manage Models…`: what is in use, what is on this machine, what can be had. Empty sections are left out. */
export function modelSections(input: ListInput): Section[] {
  const local = localRows(input);
  const inUse = local.filter(({ path }) => usesOf(input, path).length > 0);
  const sections = [
    { title: "In use", rows: inUse.map(({ row }) => row) },
    {
      title: "On this machine",
      rows: [
        ...local.filter((one) => !inUse.includes(one)).map(({ row }) => row),
        ...input.running.map((download) => runningRow(download)),
        ...stoppedDownloads(input).map((partial) => partialRow(partial)),
        {
          icon: "file",
          label: "Browse for a File…",
          description: "a GGUF file on this machine",
          act: { do: "browse" },
          buttons: [],
        },
        {
          icon: "folder",
          label: "Choose a Folder…",
          description: "that holds a model",
          act: { do: "choose-folder" },
          buttons: [],
        },
      ] satisfies Row[],
    },
    {
      title: "Get a model",
      rows: [
        {
          icon: "search",
          label: "From the Hub by Name…",
          description: "any repository of GGUF files on Hugging Face",
          act: { do: "ask-name" },
          buttons: [],
        },
        ...offered(input).map((entry) => entryRow(entry, input)),
      ] satisfies Row[],
    },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

interface LocalRow {
  readonly path: string;
  readonly row: Row;
}

const namesModel = ({ path, files }: InstalledModel, other: string): boolean =>
  path === other || files.includes(other);

function usesOf({ completionPath, chatPath }: ListInput, path: string): ModelRole[] {
  return [
    ...(path === completionPath ? (["completion"] as const) : []),
    ...(path === chatPath ? (["chat"] as const) : []),
  ];
}

function localRows(input: ListInput): LocalRow[] {
  const { installed, files } = input;
  const outside = files.filter(({ path }) => !installed.some((model) => namesModel(model, path)));
  return [
    embeddedRow(input),
    ...installed.map((model) => installedRow(model, input)),
    ...outside.map((file) => fileRow(file, input)),
  ];
}

function describeUse(input: ListInput, path: string): string[] {
  // The embedded model fills the chat role while no model is chosen; it cannot chat.
  const chat = path === EMBEDDED_MODEL ? "no model explains and refactors yet" : "explains and refactors";
  const words = { completion: "completes", chat };
  return [
    ...usesOf(input, path).map((role) => words[role]),
    ...(input.loaded.includes(path) ? ["on the GPU"] : []),
  ];
}

const unloadButton = ({ loaded }: ListInput, path: string): Act[] =>
  loaded.includes(path) ? [{ do: "unload" }] : [];

function embeddedRow(input: ListInput): LocalRow {
  const path = EMBEDDED_MODEL;
  const row: Row = {
    icon: "package",
    label: "Embedded model",
    description: describeUse(input, path).join(", "),
    detail: "Comes with the extension; small and quick.",
    act: { do: "use", path },
    buttons: unloadButton(input, path),
  };
  return { path, row };
}

function installedRow(model: InstalledModel, input: ListInput): LocalRow {
  // A setting may name another part of the model than its first.
  const named = [input.completionPath, input.chatPath].find((path) => namesModel(model, path));
  const path = named ?? model.path;
  const { name, repository, bytes, missing, verified, quant } = model;
  const fromHub = hubName(model);
  const state =
    missing > 0 ? `${missing} of its files are missing` : verified ? "checksum verified" : "not verified";
  const row: Row = {
    icon: missing > 0 ? "warning" : "file",
    label: baseName(name),
    description: describeUse(input, path).join(", "),
    detail: [
      diskBytes(bytes),
      ...(quant && !baseName(name).toUpperCase().includes(quant) ? [quant] : []),
      state,
      ...tooLarge(bytes, input),
      ...(repository ? [repository] : [shortPath(model.path, input.home)]),
    ].join(" · "),
    act: missing > 0 && fromHub ? { do: "get", name: fromHub } : { do: "use", path },
    buttons: [
      ...unloadButton(input, path),
      { do: "verify", model },
      ...(input.canReveal ? [{ do: "reveal", path: model.path } as const] : []),
      { do: "delete", model },
    ],
  };
  return { path, row };
}

/** What `pullModel` takes for a model that lies where a download puts it; names have forward slashes on every system. */
export const hubName = ({ name, path, repository }: InstalledModel): string | undefined =>
  repository === null ? undefined : name.replace(/[^/]*$/, baseName(path));

function fileRow({ path, bytes }: KnownFile, input: ListInput): LocalRow {
  const there = bytes !== null;
  const row: Row = {
    icon: there ? "file" : "warning",
    label: baseName(path),
    description: [...(there ? [] : ["missing"]), ...describeUse(input, path)].join(", "),
    detail: [
      ...(there && bytes > 0 ? [diskBytes(bytes), ...tooLarge(bytes, input)] : []),
      shortPath(path, input.home),
    ].join(" · "),
    act: { do: "use", path },
    buttons: [
      ...unloadButton(input, path),
      ...(there && input.canReveal ? [{ do: "reveal", path } as const] : []),
      { do: "forget", path },
    ],
  };
  return { path, row };
}

function tooLarge(bytes: number, { memoryBytes }: ListInput): string[] {
  const needed = neededBytes(bytes);
  return memoryBytes !== null && needed > memoryBytes
    ? [`needs about ${bytesOf(needed)} of GPU memory, of ${bytesOf(memoryBytes)}`]
    : [];
}

function runningRow(download: RunningDownload): Row {
  return {
    icon: "sync~spin",
    label: download.title,
    description: `is downloading, ${percentDone(download)}`,
    detail: "Pick it to stop; it can continue later from where it was.",
    act: { do: "cancel", download },
    buttons: [],
  };
}

/** What earlier downloads left, less what this window is downloading. */
function stoppedDownloads({ partials, running }: ListInput): PartialDownload[] {
  const names = new Set(running.flatMap((download) => download.names));
  return partials.filter(({ name }) => !names.has(name));
}

function partialRow(partial: PartialDownload): Row {
  const { name, bytesDone, bytesTotal } = partial;
  const discard: Act = { do: "discard", partial };
  return {
    icon: "debug-pause",
    label: baseName(name),
    description:
      bytesTotal === null
        ? `download stopped at ${diskBytes(bytesDone)}`
        : `download stopped at ${diskBytes(bytesDone, bytesTotal)} of ${diskBytes(bytesTotal)}`,
    ...(partial.repository === null
      ? {
          detail: "Nothing says where it came from: pick it to discard it.",
          act: discard,
          buttons: [],
        }
      : {
          detail: `Pick it to resume from ${partial.repository}.`,
          act: { do: "resume", name },
          buttons: [discard],
        }),
  };
}

/** Entries that are not here yet: those that fit by preference, the recommended one first, then the others, small ones first. */
function offered(input: ListInput): CatalogueEntry[] {
  const { memoryBytes, installed, role } = input;
  const begun = [
    ...input.partials.map(({ name }) => name),
    ...input.running.flatMap(({ names }) => names),
  ].map((name) => name.toLowerCase());
  const isHere = ({ repository, quant }: CatalogueEntry) =>
    installed.some((model) => model.repository === repository && model.quant === quant.toUpperCase()) ||
    begun.some(
      (name) => name.startsWith(`${repository.toLowerCase()}/`) && name.includes(quant.toLowerCase()),
    );
  const skill = role === "chat" ? "chat" : role === "completion" ? "complete" : undefined;
  const entries = catalogue.filter((entry) => !isHere(entry) && (!skill || entry.can.includes(skill)));
  const fitting = memoryBytes === null ? [] : entriesThatFit(memoryBytes, entries);
  const others = entries.filter((entry) => !fitting.includes(entry));
  const best = recommended(input);
  return [
    ...fitting.filter((entry) => entry === best),
    ...fitting.filter((entry) => entry !== best),
    ...others.sort((a, b) => a.memoryGiB - b.memoryGiB),
  ];
}

const recommended = ({ memoryBytes }: ListInput): CatalogueEntry | undefined =>
  memoryBytes === null ? undefined : recommendedEntry(memoryBytes);

function entryRow(entry: CatalogueEntry, input: ListInput): Row {
  const { memoryBytes } = input;
  const skills = {
    complete: "completes",
    chat: "explains, refactors",
    draft: "drafts",
  };
  const fits = memoryBytes !== null && entriesThatFit(memoryBytes, [entry]).length > 0;
  const judgement =
    entry === recommended(input)
      ? "recommended for this GPU"
      : fits
        ? "fits this GPU"
        : "too large for this GPU";
  return {
    icon: entry === recommended(input) ? "star-full" : "cloud-download",
    label: entryTitle(entry),
    // What to choose by comes first: a narrow list cuts the ends of lines.
    description: [
      `for ${entry.memoryGiB} GiB of GPU memory`,
      ...(memoryBytes === null ? [] : [judgement]),
    ].join(" · "),
    detail: [
      `good for ${entry.goodFor.join(", ")}`,
      `about ${diskBytes(aboutBytes(entry))}`,
      `${(entry.parameters / 1e9).toFixed(1)} B parameters`,
      licenseTitle(entry.license),
      entry.can.map((one) => skills[one]).join(", "),
    ].join(" · "),
    act: { do: "get", name: entry.id, license: licenseTitle(entry.license) },
    buttons: [],
  };
}

/** A repository's name without what says only that it holds GGUF files. */
export const entryTitle = ({ repository, quant }: CatalogueEntry): string =>
  repository
    .replace(/^.*\//, "")
    .replace(/-GGUF$/i, "")
    .replace(new RegExp(`-${quant}$`, "i"), "")
    .replace(/-MTP$/i, "");

/** SPDX names licences that it does not list by `LicenseRef-`. */
const licenseTitle = (license: string): string =>
  license.startsWith("LicenseRef-") ? license.slice("LicenseRef-".length).replaceAll("-", " ") : license;

const shortPath = (path: string, home: string): string =>
  home && path.startsWith(home) ? `~${path.slice(home.length)}` : path;
