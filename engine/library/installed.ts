import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, posix, relative, resolve, sep } from "node:path";
import { EMBEDDED_MODEL } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { catalogue } from "./catalogue.ts";
import { type Progress, sha256Of } from "./checksum.ts";
import { modelsIn } from "./choose.ts";
import { discardPartial, downloadOf, lockFile, partBytes, partPath, readPartial } from "./partial.ts";
import { isVerified, markVerified, recordedSum, removeRecord } from "./record.ts";

export interface InstalledModel {
  /** Path in the folder with forward slashes, without `.gguf` and part number; commands take it. */
  readonly name: string;
  /** Of the file, or of the first part of a split one. */
  readonly path: string;
  /** `OWNER/REPO`, where it lies in folders of these names. */
  readonly repository: string | null;
  /** Empty where the name has none. */
  readonly quant: string;
  /** Of all parts and companions. */
  readonly bytes: number;
  readonly files: readonly string[];
  /** Parts of a split model that are not there. */
  readonly missing: number;
  /** Every file had its published checksum, and was not written to since. */
  readonly verified: boolean;
}

export interface PartialDownload {
  /** Path in the folder with forward slashes, as the file is to be called. */
  readonly name: string;
  readonly path: string;
  readonly repository: string | null;
  readonly bytesDone: number;
  /** Null where nothing says how long it was to be. */
  readonly bytesTotal: number | null;
}

interface Library {
  readonly models: InstalledModel[];
  readonly partials: PartialDownload[];
}

/** Every model under `folder`, downloaded here or not, and every unfinished download; both by name. A folder that is missing is empty. */
export async function listModels(folder: string): Promise<Library> {
  const found = await filesIn(folder);
  const models = await Promise.all(
    modelsIn(found).map(
      async ({ name, quant, parts, companions, spare, missing }): Promise<InstalledModel> => {
        const own = [...parts, ...companions, ...spare];
        const files = own.map(({ path }) => join(folder, path));
        const bytes = own.reduce((sum, file) => sum + file.bytes, 0);
        const verified = await Promise.all(files.map(isVerified));
        const whole = missing === 0 && verified.every(Boolean);
        return {
          name,
          path: files[0]!,
          repository: repositoryOf(name),
          quant,
          bytes,
          files,
          missing,
          verified: whole,
        };
      },
    ),
  );
  const files = new Set(found.map(({ path }) => path));
  const begun = new Set(found.map(({ path }) => downloadOf(path)).filter((it) => it !== undefined));
  const partials = await Promise.all(
    [...begun]
      .filter((name) => files.has(partPath(name)) || !files.has(name)) // a whole file may have its lock yet
      .map(async (name): Promise<PartialDownload> => {
        const path = join(folder, name);
        const state = await readPartial(path);
        const repository = state?.repository ?? repositoryOf(name);
        return {
          name,
          path,
          repository,
          bytesDone: await partBytes(path),
          bytesTotal: state?.bytes ?? null,
        };
      }),
  );
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return { models: models.sort(byName), partials: partials.sort(byName) };
}

const repositoryOf = (name: string): string | null => {
  const segments = name.split("/");
  return segments.length > 2 ? segments.slice(0, 2).join("/") : null;
};

/** Files under `folder`, with paths from there. Linked folders are not entered: their content belongs elsewhere. */
async function filesIn(folder: string, under = ""): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(join(folder, under), { withFileTypes: true }).catch(
    ({ code }: NodeJS.ErrnoException) => {
      if (code === "ENOENT" || under !== "") return []; // it went away, or is closed to us
      throw new UserError({
        code: "disk",
        problem: `${folder} cannot be listed (${code})`,
        advice: "choose another folder for models",
        path: folder,
      });
    },
  );
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = posix.join(under, entry.name);
      if (entry.isDirectory()) return filesIn(folder, path);
      const stats = await stat(join(folder, path)).catch(() => undefined);
      return stats?.isFile() ? [{ path, bytes: stats.size }] : [];
    }),
  );
  return found.flat();
}

/** Deletes what is left of a download; a model that has the file's name already stays. @throws UserError where it goes on */
export async function removeDownload({ path }: Pick<PartialDownload, "path">, folder: string): Promise<void> {
  {
    await using _ = await lockFile(path);
    await discardPartial(path);
  }
  await tidy(dirname(path), folder);
}

/**
 * Deletes a model, or what is left of its download, with all that belongs to it, and folders that are empty then.
 * @throws UserError where no such model is there, several are, or it is being downloaded
 */
export async function removeModel(name: string, folder: string): Promise<{ files: string[]; bytes: number }> {
  const library = await listModels(folder);
  const model = one(name, folder, library.models);
  const partials = model
    ? library.partials.filter(({ path }) => model.files.includes(path))
    : [one(name, folder, library.partials)].filter((it) => it !== undefined);
  if (!model && partials.length === 0) throw notThere(name, folder);
  // An MTP file may serve models in several quants.
  const others = new Set(library.models.filter((it) => it !== model).flatMap(({ files }) => files));
  const files = model?.files.filter((path) => !others.has(path)) ?? [];
  const targets = [...new Set([...files, ...partials.map(({ path }) => path)])];
  let bytes = 0;
  for (const path of targets) {
    await using _ = await lockFile(path);
    bytes +=
      (await partBytes(path)) +
      (await stat(path).then(
        (it) => it.size,
        () => 0,
      ));
    await rm(path, { force: true }).catch((error: NodeJS.ErrnoException) => {
      throw new UserError({
        code: "disk",
        problem: `${path} cannot be deleted (${error.code})`,
        advice: "close what uses it, and check its permissions",
        path,
      });
    });
    await removeRecord(path);
    await discardPartial(path);
  }
  for (const path of targets) await tidy(dirname(path), folder);
  return { files: targets, bytes };
}

/** Removes a folder that is empty, and those above it up to the library's own, which stays. */
async function tidy(at: string, folder: string): Promise<void> {
  const inside = relative(resolve(folder), resolve(at));
  if (inside === "" || inside.startsWith("..") || resolve(folder, inside) !== resolve(at)) return;
  try {
    await rmdir(at);
  } catch {
    return; // something else is in it
  }
  await tidy(dirname(at), folder);
}

export interface Verification {
  readonly name: string;
  /** `unknown`: no checksum is recorded for at least one file, and those that have one are right. */
  readonly state: "right" | "wrong" | "unknown";
  readonly files: readonly { readonly path: string; readonly state: "right" | "wrong" | "unknown" }[];
}

/** Computes the checksums of a model's files again and compares them with the recorded ones. */
export async function verifyModel(
  name: string,
  folder: string,
  options: { signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined } = {},
): Promise<Verification> {
  const model = one(name, folder, (await listModels(folder)).models);
  if (!model) throw notThere(name, folder);
  const files: { path: string; state: Verification["state"] }[] = [];
  const began = performance.now();
  let before = 0;
  for (const path of model.files) {
    const expected = await recordedSum(path);
    if (expected === undefined) {
      files.push({ path, state: "unknown" });
      continue;
    }
    let last = 0;
    const found = await sha256Of(path, {
      signal: options.signal,
      onBytes: (done) => {
        last = done;
        options.onProgress?.({
          doing: "checking",
          file: path,
          bytesDone: before + done,
          bytesTotal: model.bytes,
          bytesPerSecond: ((before + done) * 1000) / Math.max(1, performance.now() - began),
        });
      },
    });
    before += last;
    await markVerified(path, found === expected);
    files.push({ path, state: found === expected ? "right" : "wrong" });
  }
  const states = files.map(({ state }) => state);
  const wrong = states.includes("wrong") || model.missing > 0;
  return {
    name: model.name,
    state: wrong ? "wrong" : states.includes("unknown") ? "unknown" : "right",
    files,
  };
}

/**
 * The path for a MODEL argument: `mini` and paths of what is there as they are, names of the library as the files they name.
 * Other texts are taken for paths, and opening them says that nothing is there.
 * @throws UserError where several models go by the name, or a model of the catalogue is not downloaded
 */
export async function resolveModel(name: string, folder: string): Promise<string> {
  if (name === EMBEDDED_MODEL || (await stat(name).catch(() => undefined))) return name;
  const model = one(name, folder, (await listModels(folder)).models);
  if (model) return model.path;
  if (catalogue.some(({ id }) => id === name.toLowerCase())) {
    throw new UserError({
      code: "file-missing",
      problem: `${name} is not downloaded`,
      advice: `run \`foretype models pull ${name}\` first`,
    });
  }
  return name;
}

/** The one thing in the library that goes by a name; undefined where none does. */
function one<T extends { name: string; path: string; repository: string | null; quant?: string }>(
  text: string,
  folder: string,
  among: readonly T[],
): T | undefined {
  const entry = catalogue.find(({ id }) => id === text.toLowerCase());
  const wanted = entry ? `${entry.repository}:${entry.quant}` : text;
  const plain = wanted
    .split(sep)
    .join("/")
    .replace(/\.gguf$/i, "")
    .toLowerCase();
  const absolute = resolve(wanted);
  const namesOf = ({ name, path, repository, quant }: T): string[] => {
    const whole = name.replace(/\.gguf$/i, "");
    const file = basename(path).replace(/\.gguf$/i, "");
    const names = [whole, basename(whole), `${posix.dirname(whole)}/${file}`, file];
    if (repository) names.push(repository, `${repository}:${quant ?? ""}`);
    return names.map((it) => it.toLowerCase());
  };
  const exact = among.find(({ name, path }) => name === wanted || resolve(path) === absolute);
  const found = exact ? [exact] : among.filter((it) => namesOf(it).includes(plain));
  if (found.length <= 1) return found[0];
  const names = found.map(({ name }) => name).join(", ");
  throw new UserError({
    code: "ambiguous",
    problem: `${found.length} models in ${folder} go by the name ${text}`,
    advice: `name one of ${names}`,
  });
}

const notThere = (name: string, folder: string): UserError =>
  new UserError({
    code: "file-missing",
    problem: `There is no model ${name} in ${folder}`,
    advice: `\`foretype models list\` shows those that are there`,
  });
