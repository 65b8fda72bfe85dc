// Times that are compared are of one clock, which nobody sets: `systemClock`. The time of day is for what others wrote, and for hours.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { root } from "../support/repository.ts";

const OF_DAY = [
  "extension/recording/trace_recorder.ts", // a file's name
  "extension/statistics/shared_metrics.ts", // the hour that something is counted in
  "extension/statistics/store.ts", // when a file was written
];

test("the editor's side reads the time of day only where that is meant", () => {
  const files = ["extension", "engine/client", "engine/complete"].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
  );
  const found = files.filter((path) =>
    /\bDate\.now\b|\bnew Date\(\)/.test(readFileSync(`${root}/${path}`, "utf8")),
  );
  expect(found.sort()).toEqual(OF_DAY);
});
