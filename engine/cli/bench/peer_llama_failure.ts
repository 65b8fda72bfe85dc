// Why llama.cpp did not start. node-llama-cpp tries its builds and says only that none was found, so it is looked at here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fault } from "../../errors/index.ts";

export interface FailedStart {
  /** Entry file of node-llama-cpp, in its `dist/`. */
  readonly entry: string;
  readonly backend: "vulkan" | "cpu";
  /** The command that installs the version that is needed. */
  readonly install: string;
  /** What the package says. */
  readonly message: string;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** What the system says when it loads a library, by name or path; undefined where it can. */
  readonly tryLoad?: (library: string) => string | undefined;
}

const SYSTEMS: Readonly<Record<string, string>> = { darwin: "mac", win32: "win" }; // in the names of its builds
const LOADERS: Readonly<Record<string, string>> = { linux: "libvulkan.so.1", win32: "vulkan-1.dll" };

/** The cause, by what is there: the build for this system, the Vulkan loader, and whether the build can be loaded at all. */
export function explainFailedStart({
  entry,
  backend,
  install,
  message,
  platform,
  arch,
  tryLoad = loadError,
}: FailedStart): Fault {
  const fault = (problem: string, advice: string): Fault => ({ code: "runtime", problem, advice });
  const folder = dirname(dirname(entry));
  const name = `${SYSTEMS[platform] ?? platform}-${arch}${backend === "vulkan" ? "-vulkan" : ""}`;
  const build = join(dirname(folder), "@node-llama-cpp", name);
  if (!existsSync(build)) {
    return buildsOf(folder).includes(`@node-llama-cpp/${name}`)
      ? fault(
          `${folder} came without its build for this machine, @node-llama-cpp/${name}`,
          `run \`${install} --include=optional\``,
        )
      : fault(
          `node-llama-cpp has no ${backend} build for ${platform}-${arch}`,
          "compare on another machine, or leave out the peer",
        );
  }
  const loader = LOADERS[platform];
  if (
    backend === "vulkan" &&
    loader &&
    /cannot open|No such file|could not be found/.test(tryLoad(loader) ?? "")
  ) {
    return fault(
      `llama.cpp needs the Vulkan loader ${loader}, and this system has none`,
      platform === "linux"
        ? "run `npm start` in Foretype's checkout, which unpacks one there, or install it (libvulkan1 on Debian and Ubuntu)"
        : "install your GPU's driver, which brings it",
    );
  }
  const said = binariesIn(join(build, "bins", name))
    .map(tryLoad)
    .find((words) => words !== undefined);
  return fault(
    `llama.cpp did not start (${(said ?? message).replace(/\s+/g, " ").trim()})`,
    `mend what it names, run \`${install}\`, or leave out the peer`,
  );
}

/** The packages with builds that node-llama-cpp in `folder` can use. */
function buildsOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    optionalDependencies?: Record<string, string>;
  };
  return Object.keys(manifest.optionalDependencies ?? {});
}

/** The addon and the Vulkan backend; the backends for CPUs are many, and only one fits this one. */
function binariesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /\.node$|ggml-vulkan\.\w+$/.test(name));
  return names.map((name) => join(folder, name));
}

/** A library that the system loads and that is no Node addon is refused by Node alone. */
function loadError(path: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, path);
  } catch (error) {
    const { message } = error as Error;
    if (!/did not self-register/.test(message)) return message;
  }
  return undefined;
}
