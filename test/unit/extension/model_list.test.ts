import { describe, expect, test } from "vitest";
import {
  type CatalogueEntry,
  catalogue,
  entriesThatFit,
  type InstalledModel,
  modelsIn,
  type PartialDownload,
  parseName,
  recommendedEntry,
} from "../../../engine/library/index.ts";
import { deletion, discarding, forgetting, settingsWithout } from "../../../extension/models/delete_text.ts";
import { confirmation, progressText, repositoryRows } from "../../../extension/models/download_text.ts";
import {
  entryTitle,
  hubName,
  type ListInput,
  modelSections,
  type Row,
} from "../../../extension/models/list.ts";
import { diskBytes } from "../../../extension/words/quantities.ts";

const FOLDER = "/home/ada/models";
const GIB = 2 ** 30;

function installed(file: string, extra: Partial<InstalledModel> = {}): InstalledModel {
  const path = `${FOLDER}/${file}`;
  const segments = file.split("/");
  return {
    name: file.replace(/\.gguf$/, ""),
    path,
    repository: segments.length > 2 ? segments.slice(0, 2).join("/") : null,
    quant: "Q4_K_M",
    bytes: 2.7e9,
    files: [path],
    missing: 0,
    verified: true,
    ...extra,
  };
}

const nothing: ListInput = {
  completionPath: "mini",
  chatPath: "mini",
  installed: [],
  partials: [],
  running: [],
  files: [],
  loaded: [],
  memoryBytes: null,
  role: undefined,
  home: "/home/ada",
  canReveal: true,
};

function sections(input: Partial<ListInput>): Record<string, readonly Row[]> {
  const found = modelSections({ ...nothing, ...input });
  return Object.fromEntries(found.map(({ title, rows }) => [title, rows]));
}

const labels = (rows: readonly Row[] | undefined): string[] => (rows ?? []).map(({ label }) => label);
const entryIds = (rows: readonly Row[] | undefined): string[] =>
  (rows ?? []).flatMap(({ act }) => (act.do === "get" ? [act.name] : []));

describe("what is on this machine", () => {
  const code = installed("unsloth/Qwen3.5-4B-MTP-GGUF/Qwen3.5-4B-Q4_K_M.gguf");
  const other = installed("by-hand.gguf", { verified: false, quant: "" });

  test("with nothing chosen, the embedded model completes, and the list says that none chats", () => {
    const { "In use": inUse, "On this machine": local } = sections({});
    expect(inUse).toHaveLength(1);
    expect(inUse![0]).toMatchObject({
      label: "Embedded model",
      description: "completes, no model explains and refactors yet",
      act: { do: "use", path: "mini" },
      buttons: [],
    });
    expect(labels(local)).toEqual(["Browse for a File…", "Choose a Folder…"]);
  });

  test("models in use are listed apart from the others, each once", () => {
    const { "In use": inUse, "On this machine": local } = sections({
      completionPath: code.path,
      installed: [code, other],
      files: [{ path: code.path, bytes: code.bytes }],
      loaded: [code.path],
    });
    expect(labels(inUse)).toEqual(["Embedded model", "Qwen3.5-4B-Q4_K_M"]);
    expect(inUse![1]!.description).toBe("completes, on the GPU");
    expect(inUse![1]!.buttons.map((act) => act.do)).toEqual(["unload", "verify", "reveal", "delete"]);
    expect(labels(local).slice(0, 1)).toEqual(["by-hand"]);
    expect(local![0]!.detail).toBe("2.7 GB · not verified · ~/models/by-hand.gguf");
  });

  test("a split model is in use whichever of its parts a setting names", () => {
    const parts = ["00001", "00002"].map((part) => `${FOLDER}/a/b/x-${part}-of-00002.gguf`);
    const split = installed("a/b/x.gguf", { path: parts[0]!, files: parts });
    const { "In use": inUse } = sections({ completionPath: parts[1]!, installed: [split] });
    expect(inUse![1]).toMatchObject({ label: "x", act: { do: "use", path: parts[1] } });
  });

  test("a file outside of the folder can be taken off the list, never deleted", () => {
    const { "On this machine": local } = sections({ files: [{ path: "/data/mine.gguf", bytes: 1e9 }] });
    expect(local![0]!.detail).toBe("1.0 GB · /data/mine.gguf");
    expect(local![0]!.buttons).toEqual([
      { do: "reveal", path: "/data/mine.gguf" },
      { do: "forget", path: "/data/mine.gguf" },
    ]);
  });

  test("a file that is gone says so, even while it is in use", () => {
    const gone = { path: "/data/gone.gguf", bytes: null };
    const { "In use": inUse } = sections({ completionPath: gone.path, files: [gone] });
    expect(inUse![1]).toMatchObject({ icon: "warning", description: "missing, completes" });
  });

  test("without a file manager nothing offers to open one", () => {
    const { "On this machine": local } = sections({ installed: [code, other], canReveal: false });
    expect(local!.flatMap(({ buttons }) => buttons.filter((act) => act.do === "reveal"))).toEqual([]);
  });

  test("a model with missing parts is fetched again rather than used", () => {
    const broken = installed("a/b/x.gguf", { path: `${FOLDER}/a/b/x-00001-of-00003.gguf`, missing: 2 });
    const { "On this machine": local } = sections({ installed: [broken] });
    expect(local![0]).toMatchObject({ act: { do: "get", name: "a/b/x-00001-of-00003.gguf" } });
    expect(local![0]!.detail).toContain("2 of its files are missing");
    expect(parseName(hubName(broken)!)).toMatchObject({ repository: "a/b", file: "x-00001-of-00003.gguf" });
  });

  test("the memory that a model needs is held against the GPU's, where that is known", () => {
    const { "On this machine": small } = sections({ installed: [code], memoryBytes: 2 * GIB });
    expect(small![0]!.detail).toContain("needs about 3.3 GiB of GPU memory, of 2.0 GiB");
    const { "On this machine": large } = sections({ installed: [code], memoryBytes: 8 * GIB });
    expect(large![0]!.detail).not.toContain("needs");
  });
});

describe("downloads in the list", () => {
  const partial: PartialDownload = {
    name: "unsloth/Qwen3.5-4B-MTP-GGUF/Qwen3.5-4B-UD-Q4_K_XL.gguf",
    path: `${FOLDER}/unsloth/Qwen3.5-4B-MTP-GGUF/Qwen3.5-4B-UD-Q4_K_XL.gguf`,
    repository: "unsloth/Qwen3.5-4B-MTP-GGUF",
    bytesDone: 1.2e9,
    bytesTotal: 2.7e9,
  };

  test("a stopped one shows its progress, and offers to resume or to discard it", () => {
    const { "On this machine": local, "Get a model": get } = sections({ partials: [partial] });
    expect(local![0]).toMatchObject({
      description: "download stopped at 1.2 GB of 2.7 GB",
      act: { do: "resume", name: partial.name },
      buttons: [{ do: "discard", partial }],
    });
    expect(entryIds(get)).not.toContain("qwen3.5-4b"); // not offered a second time
  });

  test("one that runs is shown once, and a pick stops it", () => {
    const download = { title: "Qwen3.5-4B", names: [partial.name], bytesDone: 1.2e9, bytesTotal: 2.7e9 };
    const { "On this machine": local } = sections({ partials: [partial], running: [download] });
    expect(local!.map(({ act }) => act.do)).toEqual(["cancel", "browse", "choose-folder"]);
    expect(local![0]!.description).toBe("is downloading, 44%");
  });

  test("one of which nothing is known can only be discarded", () => {
    const unknown = { ...partial, repository: null, bytesTotal: null };
    const { "On this machine": local } = sections({ partials: [unknown] });
    expect(local![0]!.act).toEqual({ do: "discard", partial: unknown });
  });
});

describe("what can be had", () => {
  test("where the GPU is unknown nothing is said to fit, and small models come first", () => {
    const { "Get a model": get } = sections({});
    expect(get![0]!.act).toEqual({ do: "ask-name" });
    const said = get!.map(({ description }) => description).join("; ");
    expect(said).not.toMatch(/this GPU/);
    const sizes = entryIds(get).map((id) => catalogue.find((entry) => entry.id === id)!.memoryGiB);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });

  test("what fits comes first, the recommended one at the top and marked, what is too large last", () => {
    const memoryBytes = 6 * GIB;
    const { "Get a model": get } = sections({ memoryBytes });
    const ids = entryIds(get);
    const fitting = entriesThatFit(memoryBytes);
    expect(ids[0]).toBe(recommendedEntry(memoryBytes)!.id);
    expect(get![1]).toMatchObject({ icon: "star-full" });
    expect(get![1]!.description).toMatch(/ · recommended for this GPU$/);
    expect(new Set(ids.slice(0, fitting.length))).toEqual(new Set(fitting.map(({ id }) => id)));
    expect(get!.at(-1)!.description).toMatch(/ · too large for this GPU$/);
  });

  test("each says what it is good for, parameters, about how large, what it can do, its licence, and for which memory it is", () => {
    const { "Get a model": get } = sections({});
    const row = get!.find(({ act }) => act.do === "get" && act.name === "qwen3.5-4b")!;
    expect(row.label).toBe("Qwen3.5-4B");
    expect(row.description).toMatch(/^for [\d.]+ GiB of GPU memory$/);
    expect(row.detail).toBe(
      "good for completion, chat · about 2.7 GB · 4.3 B parameters · Apache-2.0 · completes, explains, refactors, drafts",
    );
  });

  test("models that are here are not offered again, and for a role only those that can fill it", () => {
    const entry = catalogue.find(({ id }) => id === "qwen2.5-coder-1.5b")!;
    const here = installed(`${entry.repository}/x.gguf`, { quant: entry.quant.toUpperCase() });
    expect(entryIds(sections({ installed: [here] })["Get a model"])).not.toContain(entry.id);
    const chatting = entryIds(sections({ role: "chat" })["Get a model"]);
    expect(chatting).not.toContain(entry.id);
    expect(chatting).toContain("qwen3.5-4b");
  });

  test("titles leave out what says only that a repository holds GGUF files", () => {
    const titles = catalogue.map(entryTitle);
    expect(titles.filter((title) => /GGUF|MTP|Q\d/.test(title))).toEqual([]);
    expect(new Set(titles).size).toBe(catalogue.length);
    expect(entryTitle({ repository: "a/X-7B-Q8_0-GGUF", quant: "Q8_0" } as CatalogueEntry)).toBe("X-7B");
  });
});

describe("a download in words", () => {
  const at = { file: "x.gguf", bytesDone: 1.2e9, bytesTotal: 2.7e9 } as const;
  const cases: readonly [title: string, progress: Parameters<typeof progressText>[0], text: string][] = [
    [
      "amount, speed and time",
      { ...at, doing: "downloading", bytesPerSecond: 25e6 },
      "1.2 of 2.7 GB, 25 MB/s, 1 min left",
    ],
    [
      "the amount alone, before anything came",
      { ...at, doing: "downloading", bytesPerSecond: 0 },
      "1.2 of 2.7 GB",
    ],
    [
      "hours of a slow one",
      { ...at, doing: "downloading", bytesPerSecond: 1e5 },
      "1.2 of 2.7 GB, 0.1 MB/s, 4 h left",
    ],
    [
      "seconds at its end",
      { ...at, bytesDone: 2.6e9, doing: "downloading", bytesPerSecond: 2e7 },
      "2.6 of 2.7 GB, 20 MB/s, 5 s left",
    ],
    ["checking", { ...at, doing: "checking", bytesPerSecond: 1e9 }, "checking 1.2 of 2.7 GB"],
  ];
  for (const [title, progress, text] of cases) test(title, () => expect(progressText(progress)).toBe(text));

  test("sizes have two or three digits", () =>
    expect([4.6e6, 45e6, 999e6, 1e9, 17.31e9].map((bytes) => diskBytes(bytes))).toEqual([
      "4.6 MB",
      "45 MB",
      "999 MB",
      "1.0 GB",
      "17.3 GB",
    ]));

  const files = [
    { path: "X-Q8_0.gguf", bytes: 4.5e9, sha256: undefined },
    { path: "X-Q4_K_M.gguf", bytes: 2.7e9, sha256: undefined },
    { path: "X-Q2_K.gguf", bytes: 1.6e9, sha256: undefined },
  ];

  test("what is agreed to names size, folder, free space, files and licence", () => {
    const model = modelsIn(files)[1]!;
    const plan = {
      title: "X",
      repository: "a/X-GGUF",
      model,
      folder: "/models",
      freeBytes: 41e9,
      memoryBytes: 2 * GIB,
      license: "Apache-2.0",
      smaller: undefined,
    };
    const { question, detail } = confirmation(plan);
    expect(question).toBe("Download X (2.7 GB) to /models? 41.0 GB is free.");
    expect(detail.split("\n")).toEqual([
      "One file of a/X-GGUF.",
      "Licence: Apache-2.0.",
      "It needs about 3.3 GiB of GPU memory, and this GPU has 2.0 GiB: take a smaller one.",
    ]);
    expect(confirmation({ ...plan, smaller: "Q2_K" }).detail).toContain("2.0 GiB: Q2_K would fit.");
    const unknown = confirmation({ ...plan, freeBytes: undefined, memoryBytes: null, license: undefined });
    expect(unknown).toEqual({ question: "Download X (2.7 GB) to /models?", detail: "One file of a/X-GGUF." });
  });

  test("a repository's models: the usual one first, then by size, each with what it needs", () => {
    const rows = repositoryRows(modelsIn(files), "X-Q4_K_M", 4 * GIB);
    expect(rows.map(({ label }) => label)).toEqual(["Q4_K_M", "Q2_K", "Q8_0"]);
    expect(rows.map(({ description }) => description)).toEqual([
      "2.7 GB · the usual choice · fits this GPU",
      "1.6 GB · fits this GPU",
      "4.5 GB · too large for this GPU",
    ]);
    expect(rows[0]!.detail).toBe("X-Q4_K_M, needs about 3.3 GiB of GPU memory");
  });
});

describe("what is deleted", () => {
  const model = installed("a/b/x.gguf", { files: [`${FOLDER}/a/b/x.gguf`, `${FOLDER}/a/b/mtp-x.gguf`] });

  test("every file is named before, and what takes over", () => {
    const { question, detail } = deletion(model, ["completion"]);
    expect(question).toBe("Delete x (2.7 GB) from this machine?");
    expect(detail.split("\n")).toEqual([
      "It is in use: the embedded model completes from then on.",
      ...model.files,
    ]);
    expect(deletion(model, []).detail).toBe(model.files.join("\n"));
  });

  test("forgetting a file says that it stays", () =>
    expect(forgetting("/data/mine.gguf", ["chat"])).toEqual({
      question: "Take mine.gguf off the list? The file stays on this machine.",
      detail: "It is in use: the completion model explains and refactors from then on.\n/data/mine.gguf",
    }));

  test("discarding says how much is lost", () => {
    const partial = { name: "a/b/x.gguf", path: "", repository: "a/b", bytesDone: 1.2e9, bytesTotal: null };
    expect(discarding(partial)).toBe("Discard the 1.2 GB of x.gguf that were downloaded?");
  });

  test("no setting names a file that is gone", () => {
    expect(settingsWithout(["completion", "chat"])).toEqual({ completion: "mini", chat: "" });
    expect(settingsWithout(["chat"])).toEqual({ chat: "" });
    expect(settingsWithout([])).toEqual({});
  });
});
