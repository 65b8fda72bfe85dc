// Vulkan on Linux: its loader, and the two software devices that the engine finds under .cache/vulkan. Libraries are
// unpacked in the checkout and told to look beside themselves, so nothing is installed and no root is needed.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { LOADER, vulkanFolder } from "../environment.mjs";
import { capture, ROOT, Stop } from "../steps.mjs";
import { candidate, closeApt, fetchPackages, hasApt } from "./apt.mjs";

const VULKAN = vulkanFolder();
const UNPACKED = join(ROOT, ".cache", "unpacked");

/** @typedef {import("../steps.mjs").Note} Note */
/** @typedef {{ readonly vendor: string, readonly description: string, readonly software: boolean }} Adapter */
/** @typedef {{ readonly adapter: Adapter | null, readonly said: string | undefined }} Probe */

// Dawn looks for the loader beside its own binary before it asks the system.
const besideDawn = join(ROOT, "node_modules", "webgpu", "dist", `linux-${process.arch}`, LOADER);

/** dlopen searches as Dawn will; a library that it finds fails only later, as no Node addon. */
function systemHasLoader() {
  try {
    process.dlopen({ exports: {} }, LOADER);
    return true;
  } catch (error) {
    return !/cannot open shared object file/.test(String(error));
  }
}

/**
 * Unpacks the Vulkan loader where the system has none: under .cache/vulkan for programs that childEnvironment() tells of
 * it, and beside the checkout's Dawn, where a new installation of the packages has left none.
 * @param {Note} note
 */
export async function setUpLoader(note) {
  const cached = join(VULKAN, "loader", LOADER);
  if (!existsSync(cached)) {
    if (systemHasLoader()) return "there already";
    if (!hasApt()) {
      throw new Stop(
        `The Vulkan loader ${LOADER} is missing: install it (vulkan-loader on Fedora and Alpine, vulkan-icd-loader on Arch), then run the command again.`,
      );
    }
    await fetchPackages(["libvulkan1"], UNPACKED, note);
    keepLibraries("loader", [find(findLibraries(UNPACKED), LOADER)]);
  }
  return copyIfOther(cached, besideDawn) ? undefined : "there already";
}

/**
 * Makes `to` the same as `from`; answers whether it had to.
 * @param {string} from
 * @param {string} to
 */
export function copyIfOther(from, to) {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return false;
  rmSync(to, { force: true }); // it may be mapped by a process that runs
  copyFileSync(from, to);
  return true;
}

/**
 * Asks Dawn for its adapter in a process of its own, with all drivers or only that of `manifest`.
 * Returns the adapter, or null and what the process said.
 * @param {string} [manifest]
 * @returns {Promise<Probe>}
 */
export async function probeAdapter(manifest) {
  const env = manifest ? { VK_DRIVER_FILES: manifest } : {};
  const script = join(ROOT, "scripts", "setup", "adapter.mjs");
  const { status, stdout, text } = await capture(process.execPath, [script], { env, timeoutMs: 60_000 });
  if (status !== 0) return { adapter: null, said: text.trim().split("\n").at(-1) };
  return { adapter: JSON.parse(stdout), said: "no adapter" };
}

/**
 * Sets up lavapipe and SwiftShader; returns a remark where one of them cannot be had.
 * @param {Note} note
 */
export async function setUpSoftwareDevices(note) {
  const lavapipe = await setUp("lavapipe", "libvulkan_lvp.so", "1.4.0", note, fetchLavapipe);
  const swiftshader = await setUp("swiftshader", "libvk_swiftshader.so", "1.3.0", note, fetchSwiftShader);
  closeApt();
  if (!lavapipe && !swiftshader) {
    throw new Stop(
      "No software device: install Mesa's software Vulkan driver (mesa-vulkan-drivers on Fedora, vulkan-swrast on Arch), then run the command again.",
    );
  }
  if (!swiftshader) return "without SwiftShader, which only Debian packages";
  if (!lavapipe) return "without lavapipe";
  return undefined;
}

/**
 * @param {string} name
 * @param {string} library
 * @param {string} apiVersion Of Vulkan.
 * @param {Note} note
 * @param {(note: Note) => Promise<boolean>} fetch
 */
async function setUp(name, library, apiVersion, note, fetch) {
  const manifest = join(VULKAN, `${name}.json`);
  const path = join(VULKAN, name, library);
  const fresh = !existsSync(path);
  if (fresh) {
    if (!hasApt()) return useSystemDriver(name, manifest);
    requireDisk();
    if (!(await fetch(note))) return false;
  }
  // The path is absolute, so it is written again when the checkout has moved.
  writeIfChanged(manifest, {
    file_format_version: "1.0.0",
    ICD: { api_version: apiVersion, library_path: path },
  });
  if (fresh) {
    const { adapter, said } = await probeAdapter(manifest);
    if (!adapter) {
      rmSync(join(VULKAN, name), { recursive: true, force: true });
      throw new Stop(`The software device ${name} was set up but does not answer: ${said}`);
    }
    note(`${name}: ${adapter.description}`);
  }
  return true;
}

/** @param {Note} note */
async function fetchLavapipe(note) {
  // Dawn refuses Mesa 22, which Debian 12 has; its backports have 25.
  const version = await candidate("mesa-vulkan-drivers", note);
  const backports = Number.parseInt(version?.replace(/^\d+:/, "") ?? "0", 10) < 25;
  await fetchPackages(["mesa-vulkan-drivers", "patchelf"], UNPACKED, note, { backports });
  const patchelf = join(UNPACKED, "usr", "bin", "patchelf");
  const available = findLibraries(UNPACKED);
  const wanted = [find(available, "libvulkan_lvp.so")];
  for (const path of wanted) {
    const { stdout } = await capture(patchelf, ["--print-needed", path]);
    for (const name of stdout.split("\n")) {
      // What was not unpacked (libc, libstdc++) is the system's.
      const needed = available.get(name);
      if (needed && !wanted.includes(needed)) wanted.push(needed);
    }
  }
  const { status, text } = await capture(patchelf, [
    "--set-rpath",
    "$ORIGIN",
    ...wanted.map((path) => realpathSync(path)),
  ]);
  if (status !== 0) throw new Stop(`patchelf could not prepare lavapipe: ${text.trim().split("\n").at(-1)}`);
  keepLibraries("lavapipe", wanted);
  return true;
}

/** @param {Note} note */
async function fetchSwiftShader(note) {
  // Chromium brings its own software driver; on Ubuntu the package is absent, Chromium being a snap.
  if (!(await candidate("chromium-common", note))) return false;
  await fetchPackages(["chromium-common"], UNPACKED, note, { alone: true });
  const library = findLibraries(UNPACKED).get("libvk_swiftshader.so");
  if (!library) return false;
  keepLibraries("swiftshader", [library]);
  return true;
}

/**
 * Where there is no apt, a lavapipe that the system has serves as well.
 * @param {string} name
 * @param {string} manifest
 */
async function useSystemDriver(name, manifest) {
  const folder = "/usr/share/vulkan/icd.d";
  if (name !== "lavapipe" || !existsSync(folder)) return false;
  for (const file of readdirSync(folder).filter((file) => /^lvp_icd.*\.json$/.test(file))) {
    const { adapter } = await probeAdapter(join(folder, file));
    if (adapter) {
      writeIfChanged(manifest, JSON.parse(readFileSync(join(folder, file), "utf8")));
      return true;
    }
  }
  return false;
}

/**
 * Library name → path, for all libraries unpacked under `root`.
 * @param {string} root
 */
function findLibraries(root) {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" });
  const libraries = paths.filter((path) => /\.so(\.[\d.]+)?$/.test(path));
  return new Map(libraries.map((path) => [basename(path), join(root, path)]));
}

/** @param {ReadonlyMap<string, string>} libraries @param {string} name */
function find(libraries, name) {
  const path = libraries.get(name);
  if (path) return path;
  throw new Stop(`The packages of this system have no ${name}: install it, then run the command again.`);
}

/**
 * Moves the libraries to `.cache/vulkan/NAME` in one step, so that a broken run leaves nothing half done.
 * @param {string} name
 * @param {readonly string[]} paths
 */
function keepLibraries(name, paths) {
  const part = join(UNPACKED, name);
  mkdirSync(part);
  mkdirSync(VULKAN, { recursive: true });
  for (const path of paths) copyFileSync(realpathSync(path), join(part, basename(path)));
  rmSync(join(VULKAN, name), { recursive: true, force: true });
  renameSync(part, join(VULKAN, name));
  rmSync(UNPACKED, { recursive: true });
}

/** @param {string} path @param {unknown} value */
function writeIfChanged(path, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(VULKAN, { recursive: true });
  writeFileSync(path, text);
}

function requireDisk() {
  const needed = 0.9; // GB while archives and unpacked files are both on disk; 0.2 GB stay
  const { bavail, bsize } = statfsSync(ROOT);
  const free = (bavail * bsize) / 1e9;
  if (free >= needed) return;
  throw new Stop(
    `The software devices need ${needed} GB of disk during set-up and ${free.toFixed(1)} GB is free at ${ROOT}: free some, then run the command again.`,
  );
}
