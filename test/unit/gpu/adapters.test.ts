import { describe, expect, test } from "vitest";
import { sentenceOf } from "../../../engine/errors/index.ts";
import {
  type AdapterName,
  allAdapters,
  chooseAdapter,
  matchName,
  noGpuFault,
  parseAdapterNames,
} from "../../../engine/gpu/adapters.ts";
import type { Dawn } from "../../../engine/gpu/dawn.ts";

const named = (name: string): AdapterName => ({ name, backends: ["vulkan"] });
const list = (names: readonly string[]) =>
  `no suitable backends found\nAvailable adapters:\n${names.map((name) => ` * backend: 'vulkan', name: '${name}'`).join("\n")}`;
const slug = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

/** Dawn with these GPUs, as dawn.node behaves: by name it takes the first that contains it, in the case as given. */
function dawnWith(names: readonly string[], software: readonly string[] = []): Dawn {
  const create = (flags: readonly string[]) => ({
    async requestAdapter() {
      const wanted = flags.find((flag) => flag.startsWith("adapter="))?.slice(8) ?? "";
      const found = names.find((name) => name.includes(wanted));
      if (found === undefined && wanted && names.length > 0) throw new Error(list(names));
      if (found === undefined) return null;
      const info = {
        device: slug(found),
        description: `driver of ${found}`,
        vendor: "acme",
        architecture: "gen-1",
        isFallbackAdapter: software.includes(found),
      };
      return { info, limits: { maxBufferSize: 1 }, features: new Set(["timestamp-query"]) };
    },
  });
  return { create } as unknown as Dawn;
}

test("GPUs are read from Dawn's answer, one that several backends reach once", () => {
  const said = [
    "no suitable backends found",
    "Available adapters:",
    " * backend: 'd3d12', name: 'NVIDIA GeForce RTX 3060'",
    " * backend: 'd3d12', name: 'Microsoft Basic Render Driver'",
    " * backend: 'vulkan', name: 'NVIDIA GeForce RTX 3060'",
    " * backend: 'vulkan', name: 'Bob's GPU (it's odd)'",
  ].join("\r\n");
  expect(parseAdapterNames(said)).toEqual([
    { name: "NVIDIA GeForce RTX 3060", backends: ["d3d12", "vulkan"] },
    { name: "Microsoft Basic Render Driver", backends: ["d3d12"] },
    { name: "Bob's GPU (it's odd)", backends: ["vulkan"] },
  ]);
  expect(parseAdapterNames("no suitable backends found")).toEqual([]);
});

describe("a choice by name", () => {
  const names = [
    "AMD Radeon RX 7900 XTX (RADV NAVI31)",
    "NVIDIA GeForce RTX 3060",
    "NVIDIA GeForce RTX 3060 Ti",
  ].map(named);
  for (const [asked, found] of [
    ["navi31", 0],
    ["NAVI31", 0],
    ["radeon", 0],
    ["nvidia geforce rtx 3060", 1],
    ["3060 TI", 2],
    ["voodoo", undefined],
  ] as const)
    test(`${asked}`, () =>
      expect(matchName(asked, names)).toBe(found === undefined ? undefined : names[found]));

  test("that means several is an error that names them", () => {
    expect(() => matchName("geforce", names)).toThrow(
      '"geforce" is part of the names of 2 GPUs: choose one of "NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 3060 Ti".',
    );
  });
});

describe("the device that is opened", () => {
  test("bears the GPU's own name, not the driver's", async () => {
    const { report } = await chooseAdapter(dawnWith(["AMD Radeon RX 7900 XTX (RADV NAVI31)"]), "auto", []);
    expect(report).toMatchObject({
      choice: "AMD Radeon RX 7900 XTX (RADV NAVI31)",
      description: "AMD Radeon RX 7900 XTX (RADV NAVI31)",
      driver: "driver of AMD Radeon RX 7900 XTX (RADV NAVI31)",
      backends: ["vulkan"],
      software: false,
    });
  });

  test("is never another one whose name contains the wanted one", async () => {
    const dawn = dawnWith(["RTX 3060 Ti", "RTX 3060"]);
    await expect(chooseAdapter(dawn, "RTX 3060", [])).rejects.toThrow(
      'No device "RTX 3060" answered: choose one of ',
    );
    expect((await chooseAdapter(dawn, "rtx 3060 ti", [])).report.description).toBe("RTX 3060 Ti");
  });

  test("that no name means: the error lists those there are", () =>
    expect(chooseAdapter(dawnWith(["GPU A", "GPU B"]), "voodoo2", [])).rejects.toThrow(
      'No device "voodoo2" answered: choose one of "GPU A", "GPU B", or auto.',
    ));

  test("a GPU that Dawn lists in another spelling than it gives still has a name", async () => {
    const dawn = dawnWith(["GPU A"]);
    const { report } = await chooseAdapter(
      {
        ...dawn,
        create: (flags: string[]) =>
          flags.some((flag) => flag.startsWith("adapter="))
            ? { requestAdapter: () => Promise.reject(new Error("no list")) }
            : dawn.create(flags),
      } as unknown as Dawn,
      "auto",
      [],
    );
    expect(report).toMatchObject({ choice: "auto", description: "driver of GPU A" });
  });
});

test("all GPUs are listed, the used one apart, with what to write for the others", async () => {
  const { used, others } = await allAdapters(dawnWith(["GPU A", "GPU B"]), "gpu b", []);
  expect(used).toMatchObject({ choice: "GPU B" });
  expect(others.map(({ choice }) => choice)).toContain("GPU A");
  expect(others.map(({ choice }) => choice)).not.toContain("GPU B");
});

test("Windows' software adapter counts as software even if its driver reports otherwise", async () => {
  const { others } = await allAdapters(dawnWith(["GPU A", "Microsoft Basic Render Driver"]), "GPU A", []);
  expect(others[0]).toMatchObject({ description: "Microsoft Basic Render Driver", software: true });
});

describe("no GPU answers", () => {
  for (const [platform, advice] of [
    [
      "linux",
      /^No GPU answered: install your GPU's Vulkan driver with the loader, libvulkan1, or run `npm start`/,
    ],
    ["win32", /^No GPU answered: install the newest driver from your GPU's maker, and restart\.$/],
    ["darwin", /^No GPU answered: use a Mac with Metal/],
    ["freebsd", /^No GPU answered: install your GPU's driver\.$/],
  ] as const)
    test(`the advice is that for ${platform}`, () => {
      const sentence = sentenceOf(noGpuFault([], platform));
      expect(sentence).toMatch(advice);
      if (platform !== "linux") expect(sentence).not.toMatch(/Vulkan|libvulkan|npm/);
    });

  test("but Microsoft's software one: it says so, and how to use it all the same", () =>
    expect(sentenceOf(noGpuFault([named("Microsoft Basic Render Driver")], "win32"))).toBe(
      'No GPU answered, only Microsoft\'s software adapter "Microsoft Basic Render Driver", which is too slow to type with: install the newest driver from your GPU\'s maker, and restart, or try it all the same with the device "Microsoft Basic Render Driver".',
    ));
});
