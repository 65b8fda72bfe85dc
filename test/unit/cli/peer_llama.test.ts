import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  findPeerPackage,
  type Peer,
  type PeerOptions,
  peerRoots,
} from "../../../engine/cli/bench/peer_llama.ts";
import { readPlacement, requireOneGpu } from "../../../engine/cli/bench/peer_llama_child.ts";
import { explainFailedStart, type FailedStart } from "../../../engine/cli/bench/peer_llama_failure.ts";
import { childEnvironment, LOADER } from "../../../scripts/environment.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const mini = join(root, "media/model/foretype-mini.gguf");
const lavapipe = join(root, ".cache/vulkan/lavapipe.json");
const folder = mkdtempSync(join(tmpdir(), "foretype-peer-"));
const bundle = join(folder, "peer.mjs");
let startPeer: (modelPath: string, options: PeerOptions) => Promise<Peer>;

// The child is the bundle that holds `startPeer`, as out/cli.js will be.
beforeAll(async () => {
  buildSync({
    stdin: {
      contents: `import { startPeer } from "./peer_llama.ts";
        import { PEER_CHILD, runPeerChild } from "./peer_llama_child.ts";
        if (process.argv[2] === PEER_CHILD) await runPeerChild();
        export { startPeer };`,
      resolveDir: join(root, "engine/cli/bench"),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: bundle,
  });
  ({ startPeer } = await import(/* @vite-ignore */ pathToFileURL(bundle).href));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `work` with the peer's package looked for in `packageRoot` alone: nothing is installed above the bundle. */
async function withPackageIn<T>(packageRoot: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.FORETYPE_PEER_DIR;
  process.env.FORETYPE_PEER_DIR = packageRoot;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.FORETYPE_PEER_DIR;
    else process.env.FORETYPE_PEER_DIR = before;
  }
}

const LOG = `load_tensors: offloaded 6/6 layers to GPU
load_tensors:      Vulkan0 model buffer size =     3.76 MiB
llama_kv_cache:    Vulkan0 KV buffer size =     0.25 MiB
llama_kv_cache: size =    0.25 MiB (   512 cells,   1 layers,  1/1 seqs), K (f16):    0.12 MiB, V (f16):    0.12 MiB
llama_memory_recurrent:    Vulkan0 RS buffer size =     0.21 MiB
sched_reserve: graph: nodes = 241, splits = 2, input objects = 4, input tensors = 7`;

describe("placement", () => {
  test("is read from llama.cpp's log", () =>
    expect(readPlacement(LOG)).toEqual({
      layers: { gpu: 6, all: 6 },
      states: ["Vulkan0"],
      splits: 2,
      kv: "f16",
    }));

  test("passes when every layer and all state lie on one device", () =>
    expect(() => requireOneGpu(["llvmpipe"], readPlacement(LOG))).not.toThrow());

  const refused: [string, string[], string, RegExp][] = [
    ["no device", [], LOG, /no Vulkan device .*CPU/],
    ["two devices", ["one", "two"], LOG, /2 Vulkan devices \(one, two\).*GGML_VK_VISIBLE_DEVICES/],
    ["a layer on the CPU", ["one"], LOG.replace("6/6", "5/6"), /5 of 6 layers on one/],
    ["KV on the CPU", ["one"], LOG.replace("Vulkan0 KV", "CPU KV"), /state on CPU, Vulkan0/],
    ["a log that names no layers", ["one"], "", /0 of all layers/],
  ];
  for (const [what, devices, log, message] of refused)
    test(`is refused for ${what}`, () =>
      expect(() => requireOneGpu(devices, readPlacement(log))).toThrow(message));
});

describe("package", () => {
  test("missing: the error is the command to run", () =>
    expect(() => findPeerPackage([join(folder, "empty")])).toThrow(
      /run `npm install .*node-llama-cpp@3\.22\.1`/,
    ));

  test("of another version: the error names both", () => {
    const wrong = stubPackage("wrong", "", "3.0.0");
    expect(() => findPeerPackage([wrong])).toThrow(/needs node-llama-cpp 3\.22\.1, but .* has 3\.0\.0/);
  });
});

/** A node-llama-cpp whose `getLlama` is `getLlama`; returns the folder that holds its node_modules. */
function stubPackage(name: string, getLlama: string, version = "3.22.1"): string {
  const at = join(folder, name, "node_modules/node-llama-cpp");
  mkdirSync(join(at, "dist"), { recursive: true });
  writeFileSync(join(at, "package.json"), JSON.stringify({ version, type: "module" }));
  writeFileSync(join(at, "dist/index.js"), `export const getLlama = async (options) => {${getLlama}};`);
  return join(folder, name);
}

/** A model whose greedy id after position p is 100 + p, so that a state which was not emptied shows. */
const STUB_LLAMA = `
  let length = 0;
  const context = {
    disposeSequence: () => { length = 0; },
    initBatch: () => {},
    addToBatch: (sequence, position, ids, logits) => {
      if (position !== length) throw new Error("position " + position + " after " + length);
      if (ids.includes(666)) process.kill(process.pid, "SIGTERM");
      length += ids.length;
      return logits;
    },
    decodeBatch: async () => {},
    sampleToken: async () => 99 + length,
  };
  return {
    _bindings: { AddonSampler: class { applyConfig() {} } },
    llamaCppRelease: { release: "v0" },
    getGpuDeviceNames: async () => DEVICES,
    loadModel: async () => ({ createContext: async () => {
      options.logger("info", LOG);
      return { _ctx: context };
    } }),
  };`;

function stubLlama(name: string, devices: string[], log: string): string {
  const constants = `const DEVICES = ${JSON.stringify(devices)}, LOG = ${JSON.stringify(log)};`;
  return stubPackage(name, constants + STUB_LLAMA);
}

const { platform, arch } = process;
const NO_LIBRARY = "not a library, and long enough to be read as far as its header\n".repeat(4);

/** Puts a build of node-llama-cpp beside the stub under `root`; `files` are what it brings. */
function stubBuild(root: string, name: string, files: Readonly<Record<string, string>>): void {
  const bins = join(root, "node_modules/@node-llama-cpp", name, "bins", name);
  mkdirSync(bins, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(bins, file), text);
}

describe("child", () => {
  /** How the end of a process reads that ends itself by a signal: Windows has no signals, only an exit status. */
  const ended = process.platform === "win32" ? { by: "status 1", exit: [1, null] } : undefined;
  const vulkan = { backend: "vulkan", contextSize: 2048 } as const;

  test("a prompt of several batches starts from an empty state every time", () =>
    withPackageIn(stubLlama("whole", ["llvmpipe"], LOG), async () => {
      const peer = await startPeer("model.gguf", vulkan);
      expect(peer.description).toBe("llama.cpp v0, Vulkan, llvmpipe, 6/6 layers, 2 graph splits, KV f16");
      const prompt = Array<number>(1100).fill(1);
      expect(await peer.prefill(prompt)).toBeGreaterThanOrEqual(0);
      for (let repeat = 0; repeat < 2; repeat++)
        expect((await peer.decode(prompt, 3)).ids).toEqual([1199, 1200, 1201]);
      await expect(peer.decode(prompt, 949)).rejects.toThrow(
        "2049 tokens, but the peer's context holds 2048",
      );
      await peer.close();
      await expect(peer.prefill([1])).rejects.toThrow("has ended");
    }));

  test("a model that fell back to the CPU fails the start", () =>
    withPackageIn(stubLlama("fallback", [], ""), () =>
      expect(startPeer("model.gguf", vulkan)).rejects.toThrow(
        expect.objectContaining({ name: "UserError", message: expect.stringContaining("no Vulkan device") }),
      ),
    ));

  test("a crash rejects the request under way", () =>
    withPackageIn(stubLlama("crash", ["llvmpipe"], LOG), async () => {
      const peer = await startPeer("model.gguf", vulkan);
      await expect(peer.prefill([666])).rejects.toThrow(
        `llama.cpp ended with ${ended?.by ?? "SIGTERM"} during prefill`,
      );
      await peer.close();
    }));

  test("ends when its parent's channel closes", async () => {
    const child = fork(bundle, ["peer-child"], { execArgv: [], env: childEnvironment() });
    const replied = once(child, "message");
    child.send({ id: 1, kind: "prefill", ids: [1] });
    expect((await replied)[0]).toEqual({ id: 1, error: "prefill before start" });
    child.disconnect();
    expect(await once(child, "exit")).toEqual(ended?.exit ?? [null, "SIGKILL"]);
  });

  test("does not hold up a parent that forgot to close it", async () => {
    await withPackageIn(stubLlama("forgotten", ["llvmpipe"], LOG), async () => {
      const script = join(folder, "forgetful.mjs");
      writeFileSync(
        script,
        `import { startPeer } from "./peer.mjs";
         await startPeer("model.gguf", ${JSON.stringify(vulkan)});`,
      );
      const parent = fork(script, [], { execArgv: [], env: childEnvironment() });
      parent.disconnect();
      expect(await once(parent, "exit")).toEqual([0, null]);
    });
  });

  test.runIf(platform === "linux")("asks the system for the Vulkan loader, and gets set-up's", async () => {
    const vulkan = join(folder, "vulkan");
    const loader = join(vulkan, "loader", LOADER);
    mkdirSync(join(vulkan, "loader"), { recursive: true });
    writeFileSync(loader, NO_LIBRARY); // so that it is told from the system's
    const root = stubPackage("asking", `process.dlopen({ exports: {} }, "${LOADER}");`);
    stubBuild(root, `${platform}-${arch}-vulkan`, {});
    vi.stubEnv("FORETYPE_VULKAN_DIR", vulkan);
    const started = withPackageIn(root, () =>
      startPeer("model.gguf", { backend: "vulkan", contextSize: 512 }),
    );
    await expect(started)
      .rejects.toThrow(`llama.cpp did not start (${loader}: invalid ELF header)`)
      .finally(() => vi.unstubAllEnvs());
  });

  test("a driver manifest that does not exist fails the start", () =>
    withPackageIn(stubLlama("manifest", ["llvmpipe"], LOG), () =>
      expect(startPeer("model.gguf", { ...vulkan, icd: join(folder, "none.json") })).rejects.toThrow(
        "does not exist",
      ),
    ));
});

describe("a llama.cpp that does not start says why", () => {
  const explain = (root: string, machine: Partial<FailedStart> = {}) =>
    explainFailedStart({
      entry: join(root, "node_modules/node-llama-cpp/dist/index.js"),
      backend: "vulkan",
      install: "npm install it",
      message: "NoBinaryFoundError",
      platform,
      arch,
      ...machine,
    });
  const haveOptional = (root: string, ...names: string[]) =>
    writeFileSync(
      join(root, "node_modules/node-llama-cpp/package.json"),
      JSON.stringify({ optionalDependencies: Object.fromEntries(names.map((name) => [name, "3.22.1"])) }),
    );

  test("no build for this kind of machine", () => {
    const root = stubPackage("other-machines", "");
    haveOptional(root, "@node-llama-cpp/linux-x64-vulkan");
    expect(explain(root, { platform: "darwin", arch: "arm64" })).toMatchObject({
      problem: "node-llama-cpp has no vulkan build for darwin-arm64",
      advice: "compare on another machine, or leave out the peer",
    });
  });

  test("the build is an optional package, and was left out", () => {
    const root = stubPackage("left-out", "");
    haveOptional(root, "@node-llama-cpp/win-x64-vulkan", "@node-llama-cpp/win-x64");
    const { problem, advice } = explain(root, { platform: "win32", arch: "x64" });
    expect(problem).toMatch(/node-llama-cpp came without its build for this machine, .*\/win-x64-vulkan$/);
    expect(advice).toBe("run `npm install it --include=optional`");
    expect(explain(root, { platform: "win32", arch: "x64", backend: "cpu" }).problem).toMatch(/\/win-x64$/);
  });

  test("the build is there, and cannot be loaded: the system's own words", () => {
    const root = stubPackage("damaged", "");
    stubBuild(root, `${platform}-x64`, { "llama-addon.node": NO_LIBRARY });
    const { problem, advice } = explain(root, { backend: "cpu", platform: "linux", arch: "x64" });
    if (platform === "linux")
      expect(problem).toMatch(/^llama\.cpp did not start \(.*llama-addon\.node: invalid ELF/);
    expect(advice).toBe("mend what it names, run `npm install it`, or leave out the peer");
  });

  test("nothing that can be seen is wrong: node-llama-cpp's own words", () => {
    const root = stubPackage("unknown", "");
    stubBuild(root, "linux-x64", {});
    expect(explain(root, { backend: "cpu", platform: "linux", arch: "x64" }).problem).toBe(
      "llama.cpp did not start (NoBinaryFoundError)",
    );
  });

  const without = (loader: string) => (library: string) =>
    library === loader ? `${loader}: cannot open shared object file: No such file or directory` : undefined;

  test("no Vulkan loader on Linux: a command that brings one without root", () => {
    const root = stubPackage("no-loader", "");
    stubBuild(root, "linux-x64-vulkan", {});
    const machine = { platform: "linux", arch: "x64", tryLoad: without("libvulkan.so.1") } as const;
    const { problem, advice } = explain(root, machine);
    expect(problem).toBe("llama.cpp needs the Vulkan loader libvulkan.so.1, and this system has none");
    expect(advice).toMatch(/^run `npm start` in Foretype's checkout, which unpacks one there, or install it/);
    // The CPU's build needs none.
    stubBuild(root, "linux-x64", {});
    expect(explain(root, { ...machine, backend: "cpu" }).problem).toMatch(/NoBinaryFoundError/);
  });

  test("no Vulkan loader on Windows: the driver brings it", () => {
    const root = stubPackage("no-dll", "");
    stubBuild(root, "win-x64-vulkan", {});
    const tryLoad = (library: string) =>
      library === "vulkan-1.dll" ? "The specified module could not be found." : undefined;
    expect(explain(root, { platform: "win32", arch: "x64", tryLoad })).toMatchObject({
      problem: "llama.cpp needs the Vulkan loader vulkan-1.dll, and this system has none",
      advice: "install your GPU's driver, which brings it",
    });
  });
});

// Prompt and greedy ids of the embedded model from llama.cpp on its f32 expansion; no near-tie among them.
const PROMPT = [
  370, 271, 2047, 11, 379, 11, 495, 278, 372, 292, 3162, 1477, 1450, 327, 995, 363, 423, 326, 285, 220, 495,
  327, 995, 82, 3745, 3067, 3738, 363, 423, 326, 285, 258, 379, 7,
];
const GREEDY = [
  995, 327, 64, 363, 220, 16, 1167, 485, 327, 65, 747, 220, 825, 220, 495, 327, 995, 82, 3745, 3067, 3738,
  363, 423, 326,
];

describe("node-llama-cpp itself", () => {
  const installed = () => {
    try {
      return resolve(findPeerPackage(peerRoots()), "../../../..");
    } catch {
      return undefined;
    }
  };
  const packageRoot = installed();

  const check = async (options: PeerOptions, description: RegExp) => {
    const peer = await startPeer(mini, options);
    try {
      expect(peer.description).toMatch(description);
      const { ids, msPerToken } = await peer.decode(PROMPT, GREEDY.length);
      expect(ids).toEqual(GREEDY);
      expect(msPerToken).toBeGreaterThan(0);
      expect(await peer.prefill(PROMPT)).toBeGreaterThan(0);
    } finally {
      await peer.close();
    }
  };

  test("continues a prompt on the CPU as its golden ids say", async (context) => {
    if (packageRoot === undefined) return context.skip("node-llama-cpp is not installed");
    await withPackageIn(packageRoot, () =>
      check({ backend: "cpu", contextSize: 512 }, /CPU, 1 thread, KV f16/),
    );
  });

  // The driver compiles each pipeline the first time it meets it: minutes, once a machine.
  test("continues a prompt on lavapipe as its golden ids say", { timeout: 600_000 }, async (context) => {
    if (packageRoot === undefined) return context.skip("node-llama-cpp is not installed");
    if (!existsSync(lavapipe)) return context.skip("lavapipe's driver manifest is not set up");
    await withPackageIn(packageRoot, () =>
      check({ backend: "vulkan", icd: lavapipe, contextSize: 512 }, /Vulkan, llvmpipe.*6\/6 layers/),
    );
  });
});
