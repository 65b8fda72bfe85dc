import { describe, expect, test } from "vitest";
import { deviceMemory, folderOfPrograms, type MemorySources } from "../../../engine/gpu/memory.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** A machine of 32 GiB, 20 of them free, that answers as given. */
const machine = (
  platform: NodeJS.Platform,
  answers: Readonly<Record<string, string>> = {},
  folders: Readonly<Record<string, readonly string[]>> = {},
): MemorySources => ({
  platform,
  ramBytes: 32 * GIB,
  freeRamBytes: 20 * GIB,
  run: async (program, args) =>
    Object.entries(answers).find(([wanted]) => `${program} ${args.join(" ")}`.includes(wanted))?.[1],
  read: async (path) => answers[path],
  list: async (path) => folders[path] ?? [],
});
const gpu = (vendor: string, description: string, software = false) => ({
  vendor,
  description,
  device: "",
  software,
});

describe("NVIDIA, by its own tool", () => {
  const said =
    "NVIDIA GeForce RTX 3060, 12288, 11000\nNVIDIA GeForce RTX 4090, 24564, 1500\nNVIDIA GeForce RTX 4090, 24564, 23000\n";
  for (const platform of ["linux", "win32"] as const)
    test(`on ${platform}: the card of that name, and what others leave of it`, async () => {
      expect(
        await deviceMemory(
          gpu("nvidia", "NVIDIA GeForce RTX 3060"),
          machine(platform, { "nvidia-smi": said }),
        ),
      ).toEqual({
        total: 12_288 * MIB,
        free: 11_000 * MIB,
        kind: "dedicated",
        source: "nvidia-smi",
      });
    });

  test("of two equal cards the fuller one counts, as WebGPU may have opened either", async () => {
    const found = await deviceMemory(
      gpu("nvidia", "NVIDIA GeForce RTX 4090"),
      machine("linux", { "nvidia-smi": said }),
    );
    expect(found?.free).toBe(1500 * MIB);
  });

  test("a chip that shares RAM has no numbers there", async () => {
    const sources = machine("linux", { "nvidia-smi": "NVIDIA GB10, [N/A], [N/A]" });
    expect(await deviceMemory(gpu("nvidia", "NVIDIA GB10"), sources)).toMatchObject({
      kind: "unified",
      total: 16 * GIB,
    });
  });

  test("without the tool Linux tells nothing", async () => {
    expect(await deviceMemory(gpu("nvidia", "NVIDIA GeForce RTX 3060"), machine("linux"))).toBeUndefined();
  });

  test("another card's answer is not taken for it", async () => {
    const sources = machine("linux", { "nvidia-smi": "NVIDIA GeForce RTX 3060 Ti, 8192, 8000" });
    expect(await deviceMemory(gpu("nvidia", "NVIDIA GeForce RTX 3060"), sources)).toBeUndefined();
  });
});

describe("AMD on Linux, by the kernel's files", () => {
  const drm = "/sys/class/drm";
  const card = (name: string, vendor: string, sizes: readonly number[]) =>
    Object.fromEntries(
      ["vendor", "mem_info_vram_total", "mem_info_vram_used", "mem_info_gtt_total", "mem_info_gtt_used"].map(
        (file, i) => [`${drm}/${name}/device/${file}`, i === 0 ? `${vendor}\n` : `${sizes[i - 1]}\n`],
      ),
    );
  const folders = { [drm]: ["card0", "card0-HDMI-A-1", "card1", "renderD128", "version"] };

  test("a card: its own memory, less what is used", async () => {
    const answers = {
      ...card("card0", "0x1002", [20 * GIB, 3 * GIB, 16 * GIB, 0]),
      ...card("card1", "0x8086", [0, 0, 0, 0]),
    };
    expect(
      await deviceMemory(
        gpu("amd", "AMD Radeon RX 7900 XT (RADV NAVI31)"),
        machine("linux", answers, folders),
      ),
    ).toEqual({
      total: 20 * GIB,
      free: 17 * GIB,
      kind: "dedicated",
      source: "the amdgpu driver",
    });
  });

  test("a processor's GPU: its window and what it may map of RAM", async () => {
    const answers = card("card1", "0x1002", [512 * MIB, 100 * MIB, 15 * GIB, GIB]);
    expect(
      await deviceMemory(
        gpu("amd", "AMD Radeon Graphics (RADV GFX1151)"),
        machine("linux", answers, folders),
      ),
    ).toMatchObject({
      kind: "unified",
      total: 15 * GIB + 512 * MIB,
      free: 14 * GIB + 412 * MIB,
    });
  });

  test("nothing readable: nothing known", async () => {
    expect(await deviceMemory(gpu("amd", "AMD Radeon"), machine("linux", {}, folders))).toBeUndefined();
  });
});

describe("Windows, by the registry", () => {
  const key =
    "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}";
  const names = `\r\n${key}\\0000\r\n    DriverDesc    REG_SZ    AMD Radeon RX 7800 XT\r\n\r\n${key}\\0001\r\n    DriverDesc    REG_SZ    Intel(R) Arc(TM) A770 Graphics\r\n\r\nFin de la recherche\r\n`;
  const sizes = `\r\n${key}\\0000\r\n    HardwareInformation.qwMemorySize    REG_QWORD    0x400000000\r\n${key}\\0001\r\n    HardwareInformation.qwMemorySize    REG_BINARY    0000000004000000\r\n`;
  const sources = machine("win32", { "/v DriverDesc": names, qwMemorySize: sizes });

  test("a card: what it has, less a reserve for the desktop, since Windows does not tell what is used", async () => {
    const found = await deviceMemory(gpu("amd", "AMD Radeon RX 7800 XT"), sources);
    expect(found).toMatchObject({ kind: "dedicated", total: 16 * GIB });
    expect(found!.free).toBeLessThan(16 * GIB);
    expect(found!.free).toBeGreaterThan(14 * GIB);
  });

  test("a size that a driver wrote as bytes", async () =>
    expect(await deviceMemory(gpu("intel", "Intel(R) Arc(TM) A770 Graphics"), sources)).toMatchObject({
      total: 16 * GIB,
    }));

  test("an integrated GPU shares RAM, as far as it is free", async () =>
    expect(await deviceMemory(gpu("intel", "Intel(R) Iris(R) Xe Graphics"), sources)).toEqual({
      total: 16 * GIB,
      free: 16 * GIB,
      kind: "unified",
      source: "a share of RAM",
    }));

  test("no answer: nothing known", async () =>
    expect(await deviceMemory(gpu("amd", "AMD Radeon RX 7800 XT"), machine("win32"))).toBeUndefined());
});

describe("a Mac", () => {
  test("two thirds of RAM", async () =>
    expect(
      await deviceMemory(gpu("apple", "Apple M2 Pro"), machine("darwin", { sysctl: "0\n" })),
    ).toMatchObject({
      kind: "unified",
      total: (32 * GIB * 2) / 3,
    }));
  test("or the limit that the user has set", async () =>
    expect(
      await deviceMemory(gpu("apple", "Apple M2 Pro"), machine("darwin", { sysctl: "24576\n" })),
    ).toMatchObject({
      total: 24 * GIB,
    }));
});

test("a software device computes in RAM", async () =>
  expect(await deviceMemory(gpu("mesa", "llvmpipe", true), machine("linux"))).toMatchObject({
    total: 32 * GIB,
    free: 20 * GIB,
  }));

test("on a system with none of these sources nothing is claimed", async () =>
  expect(await deviceMemory(gpu("acme", "GPU"), machine("freebsd"))).toBeUndefined());

test("on Windows the drivers' programs are looked for in the system's folder first, and never in the current one", () => {
  expect(folderOfPrograms("win32", { SystemRoot: "D:\\WINNT" })).toBe("D:\\WINNT\\System32");
  expect(folderOfPrograms("win32", {})).toBe("C:\\Windows\\System32");
  expect(folderOfPrograms("linux", { SystemRoot: "/x" })).toBeUndefined();
});
