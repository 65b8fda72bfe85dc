import { join, posix, win32 } from "node:path";
import { UserError } from "../errors/index.ts";
import { dataFolder } from "../system/index.ts";

/** Where models lie on this system, unless `FORETYPE_MODELS` or the caller says otherwise. */
export function defaultFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home?: string,
): string {
  if (env.FORETYPE_MODELS) return env.FORETYPE_MODELS;
  const path = platform === "win32" ? win32 : posix;
  return path.join(dataFolder(env, platform, home), "models");
}

/** Names that Windows gives to devices, and characters that mean something in its paths. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
const unsafe = /^\.{0,2}$|[\\:*?"<>|\u0000-\u001f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Path on disk of a file of a repository, inside of `folder` for any names.
 * @throws UserError for names that lead elsewhere
 */
export function safePath(folder: string, repository: string, path: string): string {
  const segments = [...repository.split("/"), ...path.split("/")];
  const bad = segments.find((segment) => unsafe.test(segment));
  if (bad !== undefined) {
    throw new UserError({
      code: "hub",
      problem: `${repository} lists a file by the name ${JSON.stringify(path)}, which cannot be stored safely`,
      advice: "choose another repository",
    });
  }
  return join(folder, ...segments);
}
