import { lineOf, type SpeedReport } from "../../../../engine/cli/report/speed_report.ts";

/** A report of a made-up machine. */
export const exampleReport: SpeedReport = {
  format: "foretype speed report",
  version: 1,
  madeAt: "2026-11-29T12:00:00.000Z",
  seconds: 61.5,
  budgetSeconds: 600,
  quick: false,
  ended: null,
  about: {
    device: "Radeon | 7900",
    driver: "amd | rdna-3 | <script>alert(1)</script>",
    software: false,
    deviceMemory: 24 * 2 ** 30,
    dawn: "0.6.2",
    foretype: "0.1.0",
    commit: "0123456789ab",
    model: "code-4b.gguf",
    modelName: "Code 4B",
    architecture: "qwen35",
    parameters: 4.2e9,
    fileBytes: 2_700_000_000,
    quants: { Q4_K: 2_000_000_000, Q6_K: 700_000_000 },
    context: 32_897,
    kvType: "f16",
    system: "Linux 6.8, x64",
    cpu: "16 × Ryzen",
    ramBytes: 64 * 2 ** 30,
    node: "20.19.0",
  },
  bandwidth: { bytesPerSecond: 8e11, bytes: 2 ** 30, ms: [1.3, 1.34, 1.4], clock: "host" },
  lines: [
    {
      ...lineOf(
        { id: "decode 0", group: "decode", label: "after 0", at: 0, unit: "ms/token", better: "less" },
        [6, 5, 7],
      ),
      bytesPerSecond: 5.6e11,
      ofBandwidth: 0.7,
    },
    lineOf(
      {
        id: "prefill 128",
        group: "prefill",
        label: "a prompt of 128",
        at: 128,
        unit: "tok/s",
        better: "more",
      },
      [2000],
    ),
    lineOf(
      { id: "rows 4", group: "rows", label: "4 rows", at: 4, unit: "ms", better: "less", timesOne: 1.25 },
      [7.5, 7.25],
    ),
  ],
  missing: [{ id: "text 32768", label: "a prompt of 32k", reason: "it would take about 4 min" }],
};
