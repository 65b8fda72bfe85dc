import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { type HubServer, startHub } from "../../reference/hub_server.ts";
import { headerBytes, type PublishedShape, publishedFile } from "../../reference/write_header.ts";
import { root } from "../support/repository.ts";

// `foretype models pull` and `inspect --hub`: the built command line and a server that speaks as the Hub does.

const cli = join(root, "out", "cli.js");
const shape: PublishedShape = {
  name: "Toy",
  architecture: "qwen2",
  layers: 2,
  embedding: 1024,
  feedForward: 1024,
  heads: 4,
  kvHeads: 2,
  headSize: 64,
  rotary: undefined,
  ropeBase: 1e6,
  vocabulary: 4000,
  contextLength: 4096,
  tied: true,
};
const good = publishedFile({ ...shape, heads: 16 }, "Q8_0", false);
const bad = {
  ...good,
  tensors: good.tensors.filter(({ name }) => name !== "blk.1.attn_q.bias"),
};

let folder: string;
let hub: HubServer;
beforeEach(async () => {
  if (!existsSync(cli)) throw new Error("out/cli.js is missing: run `npm run build` first");
  folder = mkdtempSync(join(tmpdir(), "foretype-pull-"));
  hub = await startHub({ "toy-Q8_0.gguf": headerBytes(good), "toy-Q4_0.gguf": headerBytes(bad) });
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const foretype = (...args: readonly string[]): Promise<Run> => {
  const env = childEnvironment({
    FORETYPE_DEVICE: "no such device",
    FORETYPE_MODELS: folder,
    NO_PROXY: "127.0.0.1",
    no_proxy: "127.0.0.1",
  });
  return new Promise((resolve) =>
    execFile(process.execPath, [cli, ...args, "--hub", hub.url], { env }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
};
const ranges = () => hub.requests.map(({ range }) => range);

test("pull: a model that cannot run is refused in one sentence, and nothing is stored", async () => {
  expect(await foretype("models", "pull", `${hub.repository}:Q4_0`)).toEqual({
    status: 1,
    stdout: "",
    stderr: `${hub.repository}/toy-Q4_0.gguf has no tensor blk.1.attn_q.bias: choose another file or another model.\n`,
  });
  expect(ranges()).toEqual(["bytes=0-1048575"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("pull: a model that can run comes, with a word where it needs more memory than was told", async () => {
  const { status, stdout, stderr } = await foretype(
    ...["models", "pull", `${hub.repository}:Q8_0`, "--memory", "1000000"],
  );
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(
      /^toy-Q8_0\.gguf needs .* of GPU memory .* and 1\.0 MiB is free: choose .*\.\n$/,
    ),
  });
  expect(stdout).toContain("verified");
  expect(ranges()).toEqual(["bytes=0-1048575", undefined]);
});

test("inspect --hub: a model on the Hub is inspected without being stored", async () => {
  const { status, stdout } = await foretype("inspect", `${hub.repository}:Q8_0`, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    path: `${hub.repository}/toy-Q8_0.gguf`,
    name: "Toy",
    architecture: "qwen2",
    fileBytes: hub.files.get("toy-Q8_0.gguf")!.bytes.length,
    refusal: null,
  });
  const refused = await foretype("inspect", `${hub.repository}:Q4_0`, "--json");
  expect(JSON.parse(refused.stdout).refusal).toContain("has no tensor blk.1.attn_q.bias");
  expect(ranges()).toEqual(["bytes=0-1048575", "bytes=0-1048575"]);
  expect(readdirSync(folder)).toEqual([]);
});
