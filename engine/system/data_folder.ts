import { homedir, userInfo } from "node:os";
import { isAbsolute, posix, win32 } from "node:path";
import { UserError } from "../errors/index.ts";

/**
 * The folder for what this program keeps for the user: models, and what it has learned of the machine.
 * @throws UserError where it depends on a home folder and there is none
 */
export function dataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home?: string,
): string {
  const ofHome = (path: typeof posix, ...names: string[]) => path.join(home ?? homeFolder(), ...names);
  if (platform === "win32")
    return win32.join(env.LOCALAPPDATA || ofHome(win32, "AppData", "Local"), "Foretype");
  if (platform === "darwin") return ofHome(posix, "Library", "Application Support", "Foretype");
  // A relative XDG path is to be ignored, by the XDG specification.
  const data = env.XDG_DATA_HOME?.startsWith("/") ? env.XDG_DATA_HOME : ofHome(posix, ".local", "share");
  return posix.join(data, "foretype");
}

/**
 * The user's home folder, always a whole path: a HOME that is empty or relative would mean a folder below the current one, and what
 * lies there may be a repository's.
 * @param sources what the environment names, then what the system has of the user; each may throw
 * @throws UserError where neither names one: a user of a container, for example, whom its system does not know
 */
export function homeFolder(sources: readonly (() => string)[] = [homedir, () => userInfo().homedir]): string {
  for (const source of sources) {
    const home = quietly(source);
    if (home && isAbsolute(home)) return home;
  }
  throw new UserError({
    code: "runtime",
    problem: "This system names no home folder for the user who runs this",
    advice: "set HOME to a folder of this user's, as a whole path",
  });
}

function quietly(source: () => string): string | undefined {
  try {
    return source();
  } catch {
    return undefined; // Node's error names the system's call
  }
}
