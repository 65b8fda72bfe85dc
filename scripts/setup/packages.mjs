// Node packages, when what npm wrote into node_modules is not what package-lock.json asks for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, ROOT, stopFor } from "../steps.mjs";

/** Packages of the lock that this machine needs and whose installed version differs or is missing. */
export function missingPackages(lock, installed, { platform, arch } = process) {
  const runsHere = ({ os, cpu }) => (!os || os.includes(platform)) && (!cpu || cpu.includes(arch));
  return Object.entries(lock.packages).filter(([path, wanted]) => {
    if (path === "" || wanted.link) return false;
    const found = installed?.packages?.[path];
    // Builds for another libc stay out although their platform fits.
    if (!found) return !(wanted.optional && (!runsHere(wanted) || wanted.libc));
    return found.version !== wanted.version;
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  } catch {
    return undefined;
  }
}

/** npm writes its hidden lock file last, so an installation that broke off has none. */
export const packagesMissing = () =>
  missingPackages(readJson("package-lock.json"), readJson("node_modules/.package-lock.json")).length;

// npm's own patience, 70 s for each package, makes half an hour of a missing network.
const FEW_RETRIES = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"];

/**
 * Installs the versions of the lock, which stays as it is. Not `npm ci`: that refuses a lock without the builds for
 * other systems, as npm writes it where its registry lacks them. No package needs its install script.
 */
export async function installPackages(note) {
  const missing = packagesMissing();
  if (missing === 0) return "there already";
  note(`npm install: ${missing} packages, about 300 MB on disk`);
  const { status, text } = await npm(
    [
      "install",
      "--no-save",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      ...FEW_RETRIES,
    ],
    {
      progress: (_, elapsed) => note(`${elapsed} …`),
    },
  );
  if (status !== 0) throw stopFor("npm install", text);
  return undefined;
}
