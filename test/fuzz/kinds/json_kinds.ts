import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compareReports } from "../../../engine/cli/report/compare.ts";
import { parseSpeedReport } from "../../../engine/cli/report/speed_report.ts";
import {
  createMetrics,
  exclusionOf,
  parseRecording,
  traceHeader,
  traceLine,
} from "../../../engine/complete/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { projectRoot } from "../../../engine/model_file/index.ts";
import { declared, fits } from "../../../engine/settings/index.ts";
import { readSettings } from "../../../extension/settings/settings.ts";
import manifest from "../../../package.json" with { type: "json" };
import type { Random } from "../../reference/random.ts";
import { exampleReport } from "../../unit/cli/report/example.ts";
import { changed, isOneLine, type Kind, type Outcome, requireSentence, soundInput } from "../kind.ts";
import { type Change, mutateJson } from "../mutate_text.ts";

/** A kind of one text, whose reader throws a UserError for what it refuses. */
function textKind(
  name: string,
  sound: readonly string[],
  read: (text: string) => Outcome,
  mutate: (bytes: Uint8Array, random: Random) => Change = mutateJson,
): Kind {
  return {
    name,
    sound: sound.map((text, base) => soundInput({ text: Buffer.from(text) }, base)),
    mutate(input, random) {
      const { what, bytes } = mutate(input.files.text!, random);
      return changed(input, "text", bytes, what);
    },
    async check({ files }) {
      try {
        return read(Buffer.from(files.text!).toString());
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        requireSentence(error.message);
        return "refused";
      }
    },
  };
}

/** Recordings of typing: the benchmark's, of each the first events. */
export function recordings(): Kind {
  const folder = join(projectRoot(), "test/bench/traces");
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => readFileSync(join(folder, file), "utf8").split("\n").slice(0, 30).join("\n"));
  const read = (text: string): Outcome => {
    const { header, events, finalTexts } = parseRecording(text, "typing.jsonl");
    // What is read can be written again, and is read as the same.
    const again = parseRecording(traceHeader(header) + events.map(traceLine).join(""), "typing.jsonl");
    if (JSON.stringify(again.events) !== JSON.stringify(events))
      throw new Error("other events when read again");
    if ([...finalTexts].join() !== [...again.finalTexts].join())
      throw new Error("other texts when read again");
    return "read";
  };
  /** Changes one line, as JSON or as text, or the whole. */
  const mutate = (bytes: Uint8Array, random: Random): Change => {
    const lines = Buffer.from(bytes).toString().split("\n");
    const at = Math.floor(random() * lines.length);
    const { what, bytes: line } = mutateJson(Buffer.from(lines[at]!), random);
    return { what: `line ${at}: ${what}`, bytes: Buffer.from(lines.with(at, line.toString()).join("\n")) };
  };
  return textKind("recordings", texts, read, mutate);
}

const properties: Readonly<Record<string, { readonly default: unknown }>> =
  manifest.contributes.configuration.properties;

/** Settings as VS Code hands them over: JSON of any kind under our names. */
export function settings(): Kind {
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, schema.default]),
  );
  const filled = {
    ...defaults,
    "foretype.languages": { python: false, "*": true },
    "foretype.exclude": ["**/secret/**", "*.pem", "~/private/**", "!kept.pem"],
    "foretype.refactor.presets": ["Add types"],
  };
  const read = (text: string): Outcome => {
    let values: unknown;
    try {
      values = JSON.parse(text);
    } catch {
      return "refused"; // VS Code's own reader
    }
    const get = (name: string): unknown => Object(values)[`foretype.${name}`];
    const { settings: found, warnings } = readSettings({ get, home: "/home/ada" });
    for (const warning of warnings) {
      if (!isOneLine(warning)) throw new Error(`no line: ${warning.slice(0, 200)}`);
      if (warning.length > 700) throw new Error(`a warning of ${warning.length} characters`);
    }
    for (const name of ["contextTokens", "maxLines", "timeLimitMs"]) {
      const value = name === "contextTokens" ? found.contextTokens : found.pipeline[name as "maxLines"];
      if (!fits(value, declared(name)!)) throw new Error(`${name} is ${value}`);
    }
    const path = "/home/ada/work/secret/key.pem";
    exclusionOf({ uri: `file://${path}`, path, folder: "/home/ada/work" }, found.pipeline.exclude);
    return warnings.length > 0 ? "refused" : "read";
  };
  return textKind("settings", [JSON.stringify(defaults), JSON.stringify(filled)], read);
}

const HOUR = 3_600_000;

/** The stored statistics. What cannot be used is set aside: counting begins again. */
export function statistics(): Kind {
  const now = () => 480_000 * HOUR;
  const histogram = { "10": 3, "-5": 1, "40": 2 };
  const counts = { shown: 9, used: 4, considered: 8, usedConsidered: 4, typedThrough: 1, dismissed: 2 };
  const stored = {
    ...createMetrics({ now }).stored(),
    outcomes: [
      [1, 1, 0],
      [1, 1, 1, "a:1", "python", 479_999, ["shown"]],
    ],
    hours: { "479999": { shown: 2, used: 1, firstLine: histogram } },
    languages: { python: { ...counts, acceptedCharacters: 80 } },
    silences: { blank: 3 },
    latency: { delay: histogram, prompt: histogram, decode: {}, firstLine: histogram, answer: histogram },
    sources: { model: 5, cache: 2 },
    kept: { "120": [3, 4] },
  };
  const read = (text: string): Outcome => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return "refused";
    }
    let outcome: Outcome = "read";
    const log = (line: string) => {
      outcome = "refused";
      if (!isOneLine(line) || line.length > 700) throw new Error(`no line: ${line.slice(0, 200)}`);
    };
    const metrics = createMetrics({ now, stored: value, session: "b:", log });
    metrics.typed(3);
    const summary = metrics.summary();
    for (const { rate, n } of [summary.strict, summary.considered, summary.keptAtTwoMinutes])
      if (!Number.isFinite(n) || (rate !== null && !Number.isFinite(rate)))
        throw new Error(`a rate of ${rate} of ${n}`);
    createMetrics({ now, stored: JSON.parse(JSON.stringify(metrics.stored())) });
    return outcome;
  };
  return textKind("statistics", [JSON.stringify(stored)], read);
}

/** Speed reports, which a later run compares itself with. */
export function speedReports(): Kind {
  const read = (text: string): Outcome => {
    JSON.stringify(compareReports(exampleReport, parseSpeedReport("report.json", text)));
    return "read";
  };
  return textKind("speed reports", [JSON.stringify(exampleReport)], read);
}
