import { describe, expect, test } from "vitest";
import { compareReports } from "../../../../engine/cli/report/compare.ts";
import { htmlOf } from "../../../../engine/cli/report/html.ts";
import { markdownOf } from "../../../../engine/cli/report/markdown.ts";
import { draftLines } from "../../../../engine/cli/report/passes.ts";
import { lineOf, parseSpeedReport, type SpeedReport } from "../../../../engine/cli/report/speed_report.ts";
import { exampleReport as example } from "./example.ts";

const changed = (about: Partial<SpeedReport["about"]>, more: Partial<SpeedReport> = {}): SpeedReport => ({
  ...example,
  ...more,
  about: { ...example.about, ...about },
});
const given = { id: "decode 0", group: "decode", label: "after 0", at: 0 } as const;

describe("a line", () => {
  test("has the median and the range of its values", () => {
    const line = lineOf({ ...given, unit: "ms", better: "less" }, [4, 1, 3, 8]);
    expect(line).toMatchObject({ median: 3.5, min: 1, max: 8, values: [4, 1, 3, 8] });
  });

  test.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])("is never of %j", (values) => {
    expect(() => lineOf({ ...given, unit: "ms", better: "less" }, values)).toThrow(
      /decode 0: .* no measured/,
    );
  });

  test("of all drafts weighs texts by their times and counts", () => {
    const lines = draftLines([
      { kind: "a", plainMs: 10, draftedMs: 5, accepted: 3, drafted: 4 },
      { kind: "b", plainMs: 30, draftedMs: 35, accepted: 1, drafted: 6 },
    ]);
    expect(lines.map(({ id, median }) => [id, median])).toEqual([
      ["drafts a", 2],
      ["drafts b", 30 / 35],
      ["drafts all 2", 1],
    ]);
    expect(lines.at(-1)).toMatchObject({ accepted: 4, drafted: 10 });
    expect(draftLines([])).toEqual([]);
  });
});

describe("report.json", () => {
  test("is read as it was written", () => {
    expect(parseSpeedReport("report.json", JSON.stringify(example))).toEqual(example);
  });

  const refused: [what: string, text: string, sentence: RegExp][] = [
    ["no JSON", "{", /^report\.json is no report .*\(it is not JSON\): name a report\.json that/],
    ["null", "null", /\(it is no "foretype speed report"\)/],
    ["what `bench --json` prints", '{"measures":{}}', /\(it is no "foretype speed report"\)/],
    ["another version", JSON.stringify({ ...example, version: 2 }), /\(it has version 2, and 1 is read\)/],
    ["no lines", JSON.stringify({ ...example, lines: undefined }), /\(parts of it are missing\)/],
    [
      "a line without its median",
      JSON.stringify({ ...example, lines: [{ ...example.lines[0], median: null }] }),
      /\(parts of it are missing\)/,
    ],
  ];
  test.each(refused)("is refused where it is %s", (_, text, sentence) => {
    expect(() => parseSpeedReport("report.json", text)).toThrow(sentence);
  });
});

describe("a comparison", () => {
  test("with itself differs in nothing, and every ratio is 1", () => {
    const { differences, lines, onlyBefore, onlyNow } = compareReports(example, example);
    expect([differences, onlyBefore, onlyNow]).toEqual([[], [], []]);
    expect(lines.map(({ ratio }) => ratio)).toEqual([1, 1, 1]);
  });

  test("is above 1 where this run is better: of times the shorter, of rates the higher", () => {
    const slower = example.lines.map((line) => ({ ...line, median: 2 * line.median }));
    const { lines } = compareReports({ ...example, lines: slower }, example);
    expect(lines.map(({ id, ratio }) => [id, ratio])).toEqual([
      ["decode 0", 0.5],
      ["prefill 128", 2],
      ["rows 4", 0.5],
    ]);
  });

  test("names what differs of machine, model and versions", () => {
    const before = changed({ device: "Arc", fileBytes: 1, commit: null, quants: { Q8_0: 2 ** 20 } });
    const { differences } = compareReports(example, before);
    expect(differences.map(({ what }) => what)).toEqual(["device", "bytes of the file", "quants", "commit"]);
    expect(differences[3]).toEqual({ what: "commit", before: "unknown", now: "0123456789ab" });
  });

  test("names the lines that only one run has, and compares none of another unit", () => {
    const [decode, prefill] = example.lines;
    const before = changed({}, { lines: [decode!, { ...prefill!, unit: "ms" }] });
    const now = changed({}, { lines: example.lines.slice(1) });
    const { lines, onlyBefore, onlyNow } = compareReports(now, before);
    expect(lines).toEqual([]);
    expect(onlyBefore).toEqual(["after 0"]);
    expect(onlyNow).toEqual(["a prompt of 128", "4 rows"]);
  });
});

describe("report.md", () => {
  test("has machine, model, each line with its range, and what is missing", () => {
    const text = markdownOf(example);
    expect(text).toMatch(/^# Code 4B on Radeon \\\| 7900\n/);
    expect(text).toContain("| model file | code-4b.gguf, 2.51 GiB |");
    expect(text).toContain("| Foretype | 0.1.0, commit 0123456789ab |");
    expect(text).toContain(
      "| after 0 | 6.00 ms/token | 5.00–7.00 | 167 tok/s, 560 GB/s, 70.0 % of the bandwidth |",
    );
    expect(text).toContain("| 4 rows | 7.38 ms | 7.25–7.50 | 1.25× one row |");
    expect(text).toContain("| a prompt of 32k | it would take about 4 min |");
    expect(text).not.toMatch(/undefined|NaN|null|\[object|Compared|ended early/);
  });

  test("escapes what a device's name would do to a table", () => {
    expect(markdownOf(example)).toContain("\\<script\\>alert(1)\\</script\\>");
  });

  test("no report that is compared with steers the terminal that it is printed on", () => {
    const hostile = "\x1b]52;c;cm0=\x07\x9b2J\u202ex";
    const line = { ...example.lines[0]!, id: "other", label: hostile };
    const earlier = changed({ device: hostile, model: hostile }, { madeAt: hostile, lines: [line] });
    const text = markdownOf(example, compareReports(example, earlier));
    expect(text).not.toMatch(/(?![\n])[\p{Cc}\p{Cf}]/u);
    expect(text).toContain("Measured only then");
  });

  test("says why it ended early, and compares before it tells", () => {
    const ended = changed({}, { ended: "it was stopped" });
    const text = markdownOf(ended, compareReports(ended, changed({ device: "Arc" })));
    expect(text).toContain("It ended early: it was stopped.");
    expect(text).toContain("| device | Arc | Radeon \\| 7900 |");
    expect(text.indexOf("## Compared")).toBeLessThan(text.indexOf("## Decoding"));
    expect(text.indexOf("| device | Arc")).toBeLessThan(text.indexOf("1.00×"));
  });
});

describe("report.html", () => {
  const parts = { script: "run('</script>');", style: "p{}" };

  test("holds the numbers as they are in report.json, and no text of a device acts", () => {
    const html = htmlOf({ report: example, comparison: null }, parts);
    const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!;
    expect(JSON.parse(json!)).toEqual({ report: example, comparison: null });
    expect(html).not.toContain("<script>alert");
    expect(html.match(/<\/script/g)).toHaveLength(2);
  });

  test("may load nothing, and names no address", () => {
    const html = htmlOf({ report: example, comparison: null }, parts);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/\b(src|href)=|https?:/);
  });
});
