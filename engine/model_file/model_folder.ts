import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import { isModelFile, isMtpFile, readPartName } from "../gguf/index.ts";

const listed = 5; // names in the sentence for a folder of many models

/**
 * The model file that a path names: itself, or the one model in the folder. The parts of a split model count as one.
 * @throws UserError for a folder with no model or with several, which it lists
 */
export async function modelIn(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return path; // what else may be wrong with it, opening says
  const all = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      code: "file-unreadable",
      problem: `${path} is a directory that cannot be listed (${error.code})`,
      advice: "name the .gguf file in it, or check its permissions",
      path,
    });
  });
  const names = all.filter((name) => isModelFile(name) && !isMtpFile(name)).sort();
  // By the name without its part number: of each split model the first part that is there.
  const models = new Map<string, string>();
  for (const name of names) {
    const part = readPartName(name);
    const key = part ? `${part.model} in ${part.parts}` : name;
    if (!models.has(key)) models.set(key, name);
  }
  const [model, ...more] = models.values();
  if (model !== undefined && more.length === 0) return join(path, model);
  if (model === undefined) {
    throw new UserError({
      code: "usage",
      problem: `${path} is a directory`,
      advice: "name the .gguf file in it, none of which lies at its top",
      path,
    });
  }
  const rest = models.size > listed ? ` or ${models.size - listed} more` : "";
  throw new UserError({
    code: "ambiguous",
    problem: `${path} holds ${models.size} models`,
    advice: `name one of ${[...models.values()].slice(0, listed).join(", ")}${rest}`,
    path,
  });
}
