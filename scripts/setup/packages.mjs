// Node packages, when what npm wrote into node_modules is not what package-lock.json asks for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, ROOT, Stop, stopFor } from "../steps.mjs";

/** @typedef {{ version: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked */
/** @typedef {{ packages: Record<string, Partial<Locked>> }} Lock Path of the package, "" for ourselves → what is there. */

/**
 * Packages of the lock that this machine needs and whose installed version differs or is missing.
 * @param {Lock} lock
 * @param {Lock | undefined} installed
 * @param {{ platform: string, arch: string }} [machine]
 */
export function missingPackages(lock, installed, { platform, arch } = process) {
  /** @param {Partial<Locked>} wanted */
  const runsHere = ({ os, cpu }) => (!os || os.includes(platform)) && (!cpu || cpu.includes(arch));
  return Object.entries(lock.packages).filter(([path, wanted]) => {
    if (path === "" || wanted.link) return false;
    const found = installed?.packages?.[path];
    // Builds for another libc stay out although their platform fits.
    if (!found) return !(wanted.optional && (!runsHere(wanted) || wanted.libc));
    return found.version !== wanted.version;
  });
}

/** @param {string} path @returns {Lock | undefined} */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  } catch {
    return undefined;
  }
}

/** npm writes its hidden lock file last, so an installation that broke off has none. */
function packagesMissing() {
  const lock = readJson("package-lock.json");
  if (!lock)
    throw new Stop("package-lock.json cannot be read: restore it with `git checkout package-lock.json`.");
  return missingPackages(lock, readJson("node_modules/.package-lock.json")).length;
}

// npm's own patience, 70 s for each package, makes half an hour of a missing network.
const FEW_RETRIES = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"];

/**
 * Installs the versions of the lock, which stays as it is. Not `npm ci`: that refuses a lock without the builds for
 * other systems, as npm writes it where its registry lacks them. No package needs its install script.
 * @param {import("../steps.mjs").Note} note
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
