import { expect, test } from "vitest";
import { createMetrics, type MetricsSummary } from "../../../engine/complete/index.ts";
import {
  escapeMarkdown,
  type StatusView,
  statusFace,
  statusTooltip,
} from "../../../extension/status/status_text.ts";

const none = createMetrics({ now: () => 0 }).summary();
const counted: MetricsSummary = {
  ...none,
  strict: { rate: 0.268, n: 130 },
  considered: { rate: 0.31, n: 112 },
  firstLineMs: { p50: 142.4, p95: 480 },
  tokensPerSecond: 88.2,
  draftAcceptance: 0.71,
  cacheShare: 0.45,
};
const ready: StatusView = {
  engine: { kind: "running" },
  busy: false,
  trouble: null,
  modelTrouble: null,
  download: null,
  inlineSuggest: true,
  enabled: true,
  snoozedForMs: 0,
  languageOff: null,
  manual: false,
  eco: false,
  summary: counted,
  recordTyping: false,
  engineStatus: null,
  lastSilence: null,
};

const faces: readonly (readonly [title: string, view: Partial<StatusView>, text: string, label: string])[] = [
  [
    "rate and median",
    {},
    "$(sparkle) 27% · 142 ms",
    "Foretype: Ready. 27% of 130 suggestions accepted. First line after 142 ms.",
  ],
  [
    "no rate under 20 suggestions",
    { summary: { ...counted, strict: { rate: null, n: 7 } } },
    "$(sparkle) Foretype",
    "Foretype: Ready. Collecting: 7 shown.",
  ],
  ["nothing is counted", { summary: null }, "$(sparkle) Foretype", "Foretype: Ready."],
  [
    "a spinner while a request waits",
    { busy: true },
    "$(sync~spin) 27% · 142 ms",
    "Foretype: Ready. 27% of 130 suggestions accepted. First line after 142 ms.",
  ],
  [
    "loading",
    { engine: { kind: "loading", path: "mini", step: "weights", fraction: 0.438 } },
    "$(sync~spin) 43%",
    "Foretype: The model is loading, 43%.",
  ],
  [
    "crashed",
    { engine: { kind: "crashed", restartInMs: 500 } },
    "$(sync~spin) Foretype",
    "Foretype: The engine stopped and starts again by itself.",
  ],
  [
    "hung",
    {
      engine: {
        kind: "crashed",
        restartInMs: 500,
        hung: { code: "device-failed", problem: "The GPU gave no answer for 10 s", advice: "wait" },
      },
    },
    "$(sync~spin) Foretype",
    "Foretype: The GPU gave no answer for 10 s: wait.",
  ],
  [
    "failed goes before all else",
    {
      engine: {
        kind: "failed",
        fault: { code: "engine-stopped", problem: "It stopped 3 times", advice: "see the log" },
      },
      enabled: false,
      inlineSuggest: false,
    },
    "$(error) Foretype",
    "Foretype: It stopped 3 times: see the log.",
  ],
  [
    "a model that does not load",
    { trouble: { id: "engine-error", problem: "x.gguf does not exist", advice: "choose another" } },
    "$(error) Foretype",
    "Foretype: x.gguf does not exist: choose another.",
  ],
  [
    "the editor's inline suggestions are off",
    { inlineSuggest: false },
    "$(warning) inline suggest off",
    "Foretype: The editor shows no inline suggestions: click to turn on “editor.inlineSuggest.enabled”.",
  ],
  ["off", { enabled: false }, "$(circle-slash) Foretype", "Foretype: Suggestions are off."],
  [
    "snoozed: a begun minute counts",
    { snoozedForMs: 23 * 60_000 + 1 },
    "$(circle-slash) 24 m",
    "Foretype: Snoozed for 24 more minutes.",
  ],
  [
    "off for a language",
    { languageOff: "markdown" },
    "$(circle-slash) off: markdown",
    "Foretype: Suggestions are off for markdown.",
  ],
];
for (const [title, view, text, label] of faces)
  test(`status bar: ${title}`, () =>
    expect(statusFace({ ...ready, ...view }, "full")).toMatchObject({ text, label }));

test("compact shows an icon alone, but trouble in words", () => {
  expect(statusFace(ready, "compact").text).toBe("$(sparkle)");
  expect(statusFace({ ...ready, inlineSuggest: false }, "compact").text).toBe(
    "$(warning) inline suggest off",
  );
});

test("the tooltip gives both definitions with n, times, speed, memory, device and the last reason", () => {
  const tooltip = statusTooltip({
    ...ready,
    engineStatus: {
      device: "Radeon [RX]",
      deviceIsSoftware: false,
      gpuBytes: 3 * 2 ** 30,
      memoryLimit: null,
      processBytes: 300 * 2 ** 20,
      models: [{ path: "/models/code.gguf", context: 4096, bytes: 1, loadMs: 1, drafts: "ngram" }],
    },
    lastSilence: { id: "mid-word", problem: "The cursor is inside a word | here" },
  });
  expect(tooltip.split("\n")).toEqual([
    "**Foretype** — Ready. 27% of 130 suggestions accepted. First line after 142 ms.",
    "",
    "| | |",
    "|:--|:--|",
    "| Accepted, of those shown | 27% of the last 130 |",
    "| Accepted, of those seen for 750 ms | 31% of 112 |",
    "| First line | p50 142 ms, p95 480 ms |",
    "| Shown without asking the model | 45% |",
    "| Speed | 88 tokens/s |",
    "| Drafts confirmed | 71% |",
    "| Model | code.gguf |",
    "| Drafts | from your text only: the model file has no MTP block |",
    "| Memory | 3.0 GiB on the GPU, 300 MiB in the process |",
    "| Device | Radeon \\[RX\\] |",
    "| Last without one | The cursor is inside a word \\| here. |",
  ]);
});

test("who is recorded is told so, and what is written stays here", () => {
  expect(statusTooltip({ ...ready, recordTyping: true })).toContain(
    "| Recording | your typing, on this machine only \\(foretype.recordTyping\\) |",
  );
  expect(statusTooltip(ready)).not.toContain("Recording");
});

test("under 20 suggestions no share is named, neither of one definition nor of the other", () => {
  const tooltip = statusTooltip({ ...ready, summary: none });
  expect(tooltip).toContain("| Accepted, of those shown | collecting: 0 shown, 20 needed |");
  expect(tooltip).toContain("| Accepted, of those seen for 750 ms | collecting: 0 of 20 |");
  expect(tooltip).not.toContain("%");
});

test("what a model or a device is called cannot become markup", () => {
  expect(escapeMarkdown("[x](command:evil) `y`\n| $(error)")).toBe(
    "\\[x\\]\\(command:evil\\) \\`y\\` \\| \\$\\(error\\)",
  );
});

test("the tooltip says what is being downloaded", () => {
  expect(statusTooltip(ready)).not.toContain("Downloading");
  const tooltip = statusTooltip({ ...ready, download: "Qwen3.5-4B, 43%" });
  expect(tooltip).toContain("| Downloading | Qwen3.5\\-4B, 43% |");
});
