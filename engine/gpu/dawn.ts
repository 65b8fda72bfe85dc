import { existsSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { type Fault, UserError } from "../errors/index.ts";

export type Dawn = typeof import("webgpu");

/** What decides which sentence a failed load gets. */
export interface System {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Windows' own libraries that are missing, of those that Dawn needs. */
  readonly missing: readonly string[];
}

/** What dawn.node and dxcompiler.dll import and neither Windows nor Node brings; arm64 does without the last. */
export const visualCppLibraries = [
  "MSVCP140.dll",
  "MSVCP140_ATOMIC_WAIT.dll",
  "VCRUNTIME140.dll",
  "VCRUNTIME140_1.dll",
] as const;

/** Whether this Darwin is older than 24.4, which is macOS 15.4: the first with every symbol that dawn.node imports. */
export function isOldDarwin(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  return major < 24 || (major === 24 && minor < 4);
}

let dawn: Promise<Dawn> | undefined;

/**
 * Loads Dawn, which is a native library, when it is first needed: commands without a GPU work where it cannot load.
 * @throws UserError that says what this system lacks
 */
export function loadDawn(): Promise<Dawn> {
  dawn ??= load();
  return dawn;
}

async function load(): Promise<Dawn> {
  // Mesa complains on stderr, for each device that it looks at, where a service or a container leaves this unset.
  if (process.platform === "linux" && !process.env.XDG_RUNTIME_DIR) process.env.XDG_RUNTIME_DIR = tmpdir();
  if (process.platform === "darwin" && isOldDarwin(release())) throw new UserError(oldMac(release()));
  try {
    const loaded = await import("webgpu");
    Object.assign(globalThis, loaded.globals);
    return loaded;
  } catch (error) {
    const { platform, arch } = process;
    const missing = platform === "win32" ? missingLibraries(arch) : [];
    const fault = loadFault(String((error as Error)?.message ?? error), { platform, arch, missing });
    throw fault ? new UserError(fault, { cause: error }) : error;
  }
}

/**
 * What a system lacks for Dawn, by the loader's own words; undefined where they say nothing known.
 * The floors are those of the binaries of npm webgpu 0.6.2, and README states them.
 */
export function loadFault(said: string, { platform, arch, missing }: System): Fault | undefined {
  if (/Cannot find (module|package)/i.test(said)) {
    return {
      code: "runtime",
      problem: `There is no WebGPU library for ${platform}-${arch} here`,
      advice: "install the Foretype package that is made for this system, or run `npm ci` in the checkout",
    };
  }
  if (platform === "win32") return windowsFault(said, arch, missing);
  if (platform === "darwin") return macFault(said) ?? brokenFault(said);
  return (platform === "linux" ? linuxFault(said) : undefined) ?? brokenFault(said);
}

function missingLibraries(arch: string): string[] {
  const folder = join(process.env.SystemRoot ?? "C:\\Windows", "System32");
  const needed = visualCppLibraries.filter((name) => arch !== "arm64" || name !== "VCRUNTIME140_1.dll");
  return needed.filter((name) => !existsSync(join(folder, name)));
}

/** Windows says only that some library or procedure is missing, in the user's language and without its name. */
function windowsFault(said: string, arch: string, missing: readonly string[]): Fault {
  const installer = `https://aka.ms/vc14/vc_redist.${arch === "arm64" ? "arm64" : "x64"}.exe`;
  const what =
    missing.length > 0 ? `${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing` : oneLine(said);
  return {
    code: "runtime",
    problem: `The WebGPU library cannot be loaded (${what})`,
    advice: `install or update Microsoft's Visual C++ runtime (${installer}), then start again`,
  };
}

/** @param kernel Darwin's version: 24.4 is that of macOS 15.4, and its major number goes up with macOS's */
export function oldMac(kernel: string): Fault {
  return {
    code: "runtime",
    problem: `This macOS is too old (Darwin ${kernel}): the WebGPU library is made for macOS 26 and cannot be loaded before macOS 15.4`,
    advice: "update macOS",
  };
}

function macFault(said: string): Fault | undefined {
  if (!/Symbol not found|newer than running|dlopen/i.test(said)) return undefined;
  return {
    code: "runtime",
    problem: `The WebGPU library cannot be loaded (${oneLine(said)}), which is made for macOS 26`,
    advice: "update macOS",
  };
}

/** A library that is there and cannot be loaded for another reason: cut off, or of another processor. */
function brokenFault(said: string): Fault | undefined {
  if (!said.includes("dawn.node")) return undefined;
  return {
    code: "runtime",
    problem: `The WebGPU library cannot be loaded (${oneLine(said)})`,
    advice: "install Foretype again, in the package that is made for this system",
  };
}

function linuxFault(said: string): Fault | undefined {
  const version = /version [`'](GLIBC|GLIBCXX|CXXABI)_([\d.]+)' not found/.exec(said);
  if (version) {
    const library = version[1] === "GLIBC" ? "glibc" : "libstdc++";
    return {
      code: "runtime",
      problem: `The ${library} of this system is too old: ${version[1]}_${version[2]} is missing, and Foretype needs glibc 2.34 and GLIBCXX_3.4.30`,
      advice: "use Debian 12, Ubuntu 22.04, Fedora 36 or newer",
    };
  }
  if (/ld-linux|musl|Error relocating|libc\.musl/.test(said)) {
    return {
      code: "runtime",
      problem: "The WebGPU library needs glibc and this system has another C library",
      advice: "use a distribution with glibc 2.34 or newer, not one with musl such as Alpine",
    };
  }
  const missing = /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/.exec(said);
  if (missing) {
    return {
      code: "runtime",
      problem: `The WebGPU library needs ${missing[1]}, which this system lacks`,
      advice: `install the package that has ${missing[1]}`,
    };
  }
  return undefined;
}

/** The first line of what a loader says, without the path of the library, which is long and says nothing. */
function oneLine(said: string): string {
  const line = said.split("\n", 1)[0]!.trim();
  return line.replace(/\S*[\\/]dawn\.node:?\s*/g, "").replace(/\.$/, "") || "no reason is given";
}
