// The order of test files: those that take longest first, so that the last ones are short and all workers end together.
// Vitest's own order is of the last run here, and by size in a fresh checkout.
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { BaseSequencer } from "vitest/node";
import { ROOT } from "./environment.mjs";

/**
 * Path → seconds of CPU on two cores with software devices and nothing compiled before; shorter files are left out.
 * @type {Readonly<Record<string, number>>}
 */
const SECONDS = JSON.parse(readFileSync(join(ROOT, "test", "durations.json"), "utf8"));

/** Sorts test files by what was measured once, the longest first; those that are not in the table come last, by name. */
export class LongestFirst extends BaseSequencer {
  /**
   * @override
   * @param {import("vitest/node").TestSpecification[]} files
   * @returns {Promise<import("vitest/node").TestSpecification[]>}
   */
  async sort(files) {
    const named = files.map((file) => ({ file, path: relative(ROOT, file.moduleId).split(sep).join("/") }));
    return named
      .toSorted((a, b) => secondsOf(b.path) - secondsOf(a.path) || (a.path < b.path ? -1 : 1))
      .map(({ file }) => file);
  }
}

/** @param {string} path */
const secondsOf = (path) => SECONDS[path] ?? 0;
