// Packages of Debian and Ubuntu, fetched without root and without a change to the system: apt-get with sources,
// lists, archives and a status of its own, from the mirrors that this system is set up for.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture, ROOT, Stop, stopFor } from "../steps.mjs";

const DIR = join(ROOT, ".cache", "apt");
const ARCHIVES = join(DIR, "archives");

// The base of every system with apt; a second copy of these in one process would crash it.
const BASE = /^(libc6|libcrypt1|libgcc-s1|libstdc\+\+6|gcc-\d+-base)_/;

export const hasApt = () => ["/usr/bin/apt-get", "/usr/bin/dpkg-deb"].every((path) => existsSync(path));

/**
 * @typedef {object} Source
 * @property {string[]} uris
 * @property {string[]} suites
 * @property {string[]} components
 * @property {string | undefined} signedBy
 * @property {string | undefined} trusted
 */
/** @typedef {import("../steps.mjs").Note} Note */

/**
 * Reads deb822 (`Types: deb …`) and one-line (`deb [options] uri suite component…`) sources.
 * @param {string} text
 */
export function parseSources(text) {
  /** @type {Source[]} */
  const sources = [];
  for (const block of text.replace(/^\s*#.*\n?/gm, "").split(/\n[ \t]*\n/)) {
    /** @type {Map<string, string>} */
    const fields = new Map();
    for (const [, name = "", value = ""] of block.matchAll(/^([\w-]+):((?:.*)(?:\n[ \t].*)*)/gm)) {
      fields.set(name.toLowerCase(), value);
    }
    /** @param {string} name */
    const list = (name) => (fields.get(name) ?? "").split(/\s+/).filter(Boolean);
    if (list("types").includes("deb") && list("enabled")[0] !== "no") {
      sources.push({
        uris: list("uris"),
        suites: list("suites"),
        components: list("components"),
        signedBy: fields.get("signed-by"),
        trusted: list("trusted")[0],
      });
    }
    for (const [, options, uri = "", suite = "", components = ""] of block.matchAll(
      /^[ \t]*deb[ \t]+(?:\[(.*?)\][ \t]+)?(\S+)[ \t]+(\S+)[ \t]+(.+)$/gm,
    )) {
      /** @param {string} name */
      const option = (name) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(options ?? "")?.[1];
      sources.push({
        uris: [uri],
        suites: [suite],
        components: components.split(/\s+/).filter(Boolean),
        signedBy: option("signed-by")?.replaceAll(",", " "),
        trusted: option("trusted"),
      });
    }
  }
  return sources;
}

/**
 * The deb822 text of those sources that carry the release itself, with its backports if asked.
 * Other vendors' sources stay out: they hold nothing for us and would only be waited for.
 * @param {readonly Source[]} sources
 * @param {string} codename
 * @param {boolean} backports
 */
export function releaseSources(sources, codename, backports) {
  return sources
    .map((source) => {
      const suites = source.suites.filter((suite) => suite.split("-")[0] === codename);
      if (backports && suites.includes(codename)) suites.push(`${codename}-backports`);
      return { ...source, suites: [...new Set(suites)] };
    })
    .filter(
      ({ suites, components }) => suites.length && components.some((name) => /^(main|universe)$/.test(name)),
    )
    .map(({ uris, suites, components, signedBy, trusted }) =>
      [
        "Types: deb",
        `URIs: ${uris.join(" ")}`,
        `Suites: ${suites.join(" ")}`,
        `Components: ${components.join(" ")}`,
        "Targets: Packages",
        signedBy && `Signed-By: ${signedBy.trim()}`,
        trusted && `Trusted: ${trusted}`,
      ]
        .filter(Boolean)
        .join("\n"),
    )
    .join("\n\n");
}

function systemSources() {
  const parts = "/etc/apt/sources.list.d";
  const names = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  return ["/etc/apt/sources.list", ...names]
    .filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))
    .flatMap((path) => parseSources(`${readFileSync(path, "utf8")}\n`));
}

/** @param {string} program @param {readonly string[]} args @param {import("../steps.mjs").RunOptions} [options] */
function apt(program, args, options = {}) {
  const settings = {
    "Dir::Etc::sourcelist": join(DIR, "release.sources"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::lists": join(DIR, "lists"),
    // An empty status makes apt take each package that is needed: the same set on every machine.
    "Dir::State::status": join(DIR, "status"),
    "Dir::State::extended_states": join(DIR, "extended_states"),
    "Dir::Cache": DIR,
    "Dir::Cache::archives": ARCHIVES,
    "Debug::NoLocking": "1",
    "APT::Sandbox::User": "root",
    "APT::Update::Error-Mode": "any",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return capture(program, [...flags, ...args], { ...options, env: { LC_ALL: "C" } });
}

/** @param {string} codename @param {boolean} backports @param {Note} note */
async function update(codename, backports, note) {
  const text = releaseSources(systemSources(), codename, backports);
  if (!text) {
    throw new Stop(
      `No source for "${codename}" under /etc/apt has a main component: add one, then run the command again.`,
    );
  }
  writeFileSync(join(DIR, "release.sources"), `${text}\n`);
  note(backports ? "package lists with backports" : "package lists");
  const { status, text: said } = await apt("apt-get", ["-q", "update"], {
    progress: (_, elapsed) => note(`${elapsed} …`),
  });
  if (status !== 0) throw stopFor("apt-get update", said);
}

/** @type {{ codename: string, backports: boolean } | undefined} */
let opened;

/** @param {Note} note */
async function open(note) {
  for (const name of ["lists/partial", "archives/partial"]) mkdirSync(join(DIR, name), { recursive: true });
  writeFileSync(join(DIR, "status"), "");
  const release = readFileSync("/etc/os-release", "utf8");
  // A derivative names itself in VERSION_CODENAME, and what it is made of in one of the others.
  const [, codename = "stable"] =
    /^(?:UBUNTU|DEBIAN)_CODENAME="?(\w+)/m.exec(release) ?? /^VERSION_CODENAME="?(\w+)/m.exec(release) ?? [];
  await update(codename, false, note);
  return { codename, backports: false };
}

/**
 * The version that would be fetched, or undefined where the release lacks the package.
 * @param {string} name
 * @param {Note} note
 */
export async function candidate(name, note) {
  opened ??= await open(note);
  const { stdout } = await apt("apt-cache", ["policy", name]);
  const version = /Candidate: (\S+)/.exec(stdout)?.[1];
  return version === "(none)" ? undefined : version;
}

/**
 * Fetches the packages, with all that they depend on unless `alone`, and unpacks them under `root`.
 * @param {readonly string[]} names
 * @param {string} root
 * @param {Note} note
 * @param {{ backports?: boolean, alone?: boolean }} [options]
 */
export async function fetchPackages(names, root, note, { backports = false, alone = false } = {}) {
  opened ??= await open(note);
  if (backports && !opened.backports) {
    await update(opened.codename, true, note);
    opened.backports = true;
  }
  const from = backports ? ["-t", `${opened.codename}-backports`] : [];
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const before = new Set(readdirSync(ARCHIVES));
  note(`fetching ${names.join(", ")}${alone ? "" : " and what they need"}`);
  /** @param {string} text @param {string} elapsed */
  const progress = (text, elapsed) => {
    const total = /Need to get (?:\S+\/)?([\d.,]+ \w?B)/.exec(text)?.[1];
    note(`${(downloadedBytes() / 1e6).toFixed(0)} MB${total ? ` of ${total}` : ""} after ${elapsed} …`);
  };
  const args = alone
    ? ["-q", "download", ...names]
    : ["-q", "install", "-y", "--download-only", "--no-install-recommends", ...from, ...names];
  const { status, text } = await apt("apt-get", args, { cwd: alone ? ARCHIVES : ROOT, progress });
  if (status !== 0) throw stopFor("apt-get", text);
  const debs = readdirSync(ARCHIVES).filter((name) => name.endsWith(".deb") && !before.has(name));
  for (const deb of debs.filter((name) => !BASE.test(name))) {
    const unpacked = await capture("dpkg-deb", ["-x", join(ARCHIVES, deb), root]);
    if (unpacked.status !== 0) throw stopFor("dpkg-deb", unpacked.text);
  }
}

function downloadedBytes() {
  return readdirSync(ARCHIVES, { recursive: true })
    .map((name) => statSync(join(ARCHIVES, String(name)), { throwIfNoEntry: false }))
    .reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0);
}

/** Deletes lists and archives, once nothing more is to be fetched. An interrupted download is kept, to be resumed. */
export function closeApt() {
  rmSync(DIR, { recursive: true, force: true });
}
