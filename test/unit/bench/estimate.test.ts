import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { innerLoopOf } from "../../bench/estimate/instruction_counts.ts";
import {
  type Counts,
  clocksOf,
  type GpuNumbers,
  laneOrder,
  leftToRight,
  linesOfInput,
  linesTable,
  shareOf,
  shareTable,
} from "../../bench/estimate/share_of_bandwidth.ts";

const times = (count: number, line: string): string => `\t${line}\n`.repeat(count);
const fma = "v_fmac_f32_e32 v1, v2, v3";
const load = "buffer_load_b128 v[0:3], v4, s[0:3], 0 offen";

describe("the inner loop of a product in AMD's code", () => {
  test("an unrolled loop counts as it is, and nothing outside it", () => {
    const isa = `${times(3, load)}BB1:\n${times(128, fma)}${times(5, load)}${times(2, "buffer_load_b32 v0, v1, s[0:3], 0 offen")}${times(4, "v_mul_f32_e32 v0, v1, v2")}\ts_cbranch_scc1 BB1\n${times(9, fma)}`;
    expect(innerLoopOf(isa, 1)).toEqual({ valu: 132, fma: 128, loads16: 5, loads: 7, divisions: 0 });
  });

  test("a loop that the compiler left a loop counts once for each of its trips", () => {
    const isa = `BB1:\n${times(2, load)}BB2:\n${times(64, fma)}${times(3, load)}\ts_cbranch_vccnz BB2\n${times(1, "v_rcp_iflag_f32_e32 v0, v1")}\ts_branch BB1\n`;
    expect(innerLoopOf(isa, 4)).toEqual({ valu: 513, fma: 512, loads16: 26, loads: 26, divisions: 1 });
  });

  test("a loop with too few multiply-adds is not that of the product", () => {
    expect(() => innerLoopOf(`BB1:\n${times(100, fma)}\ts_branch BB1\n`, 1)).toThrow(
      "100 multiply-adds of 128",
    );
    const odd = `BB1:\nBB2:\n${times(40, fma)}\ts_branch BB2\n\ts_branch BB1\n`;
    expect(() => innerLoopOf(odd, 1)).toThrow("a loop of 40 in one of 0 for 128");
  });
});

const gpu: GpuNumbers = {
  name: "a GPU",
  bandwidth: 80e9,
  cores: 10,
  clock: 1e9,
  fma: 32,
  other: 16,
  cacheBytes: 64,
  source: "none",
};

describe("the share of bandwidth", () => {
  test("clocks of a lane's 32 columns and four rows of Q8_0: 34 bytes a row", () => {
    const loop = { valu: 640, fma: 320, loads16: 20, loads: 24, divisions: 0 };
    expect(clocksOf(gpu, "Q8_0", 2, loop)).toEqual({
      memory: 136 / 8, // 8 bytes a clock for each core
      alu: 20, // 640 at 32 a clock; 320 that are no multiply-adds, at 16
      cache: (16 * 16 + 136) / 64, // 8 loads for each row of x
      lines: 16 / 8 + 8 * (34 / 128), // eight lanes find their quads of x in one line
    });
    expect(clocksOf(gpu, "Q8_0", 2, loop, leftToRight).lines).toBe(16 + 8 * (34 / 128));
    expect(clocksOf(gpu, "Q8_0", 2, { ...loop, fma: 160 }).alu).toBe(30);
  });

  test("64 lanes find a quad of x in eight lines, where rows are of whole lines, and else in nine at most; before in 64", () => {
    for (const columns of [2048, 2560, 4096, 9216])
      expect(linesOfInput(laneOrder, { columns, lanes: 64 })).toBe(8 / 64);
    expect(linesOfInput(laneOrder, { columns: 2048 + 32, lanes: 64 })).toBeLessThanOrEqual(9 / 64);
    expect(linesOfInput(leftToRight, { columns: 2560, lanes: 64 })).toBe(1);
  });

  test("what takes longest decides, and memory that takes longest has all of it", () => {
    expect(shareOf({ memory: 10, alu: 4, cache: 5, lines: 9 })).toBe(1);
    expect(shareOf({ memory: 10, alu: 4, cache: 5, lines: 40 })).toBe(0.25);
    expect(shareOf({ memory: 10, alu: 20, cache: 5, lines: 15 })).toBe(0.5);
  });

  test("RESULTS.md has the tables of the counts that are kept", () => {
    const counts = JSON.parse(readFileSync("test/bench/estimate/counts.json", "utf8")) as Counts;
    expect(Object.keys(counts).sort()).toEqual(["Q4_K", "Q6_K", "Q8_0"]);
    const results = readFileSync("test/bench/RESULTS.md", "utf8");
    expect(results).toContain(linesTable(counts));
    expect(results).toContain(shareTable(counts));
  });
});
