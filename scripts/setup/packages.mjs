// Node packages, when what npm wrote into node_modules is not what package-lock.json asks for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, ROOT, Stop, stopFor } from "../steps.mjs";

/** @typedef {{ version: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[], dependencies?: Record<string, string>,
 *   optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string> }} Locked */
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
  const here = installed?.packages ?? {};
  const absent = Object.entries(lock.packages).filter(([path, { link }]) => path && !link && !here[path]);
  // Builds for another libc stay out although their platform fits.
  let needed = absent.filter(([, wanted]) => !wanted.optional || (runsHere(wanted) && !wanted.libc));
  const leftOut = new Set(absent.filter((entry) => !needed.includes(entry)).map(([path]) => path));
  for (let before = -1; before !== leftOut.size; ) {
    before = leftOut.size;
    // npm leaves out with a build what only that build depends on.
    for (const [path, { optional }] of needed) {
      const users = usersOf(path, lock);
      if (optional && users.length > 0 && users.every((user) => leftOut.has(user))) leftOut.add(path);
    }
    needed = needed.filter(([path]) => !leftOut.has(path));
  }
  const changed = Object.entries(lock.packages).filter(
    ([path, { link, version }]) => path && !link && here[path] && here[path].version !== version,
  );
  return [...needed, ...changed];
}

/**
 * Paths of the packages that name this one among their dependencies.
 * @param {string} path
 * @param {Lock} lock
 */
function usersOf(path, lock) {
  const name = path.split("node_modules/").at(-1) ?? path;
  return Object.entries(lock.packages)
    .filter(([, { dependencies, optionalDependencies, peerDependencies }]) =>
      [dependencies, optionalDependencies, peerDependencies].some((names) => names && name in names),
    )
    .map(([user]) => user);
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
