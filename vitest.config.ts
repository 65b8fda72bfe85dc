import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/longest_first.mjs";
import { endsWithParent } from "./scripts/steps.mjs";
import { wgsl } from "./scripts/wgsl_plugin.mjs";

// A crash in a GPU driver must take down one worker, not the run: hence processes, not threads.
export default defineConfig({
  plugins: [wgsl()],
  test: {
    pool: "forks",
    execArgv: endsWithParent(),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: Math.max(2, availableParallelism() - 1), // on two cores vitest would use one
        },
      },
      {
        extends: true,
        test: {
          name: "gpu",
          include: ["test/gpu/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "editor",
          include: [
            process.env.FORETYPE_SCREENSHOTS ? "test/editor/screenshots.ts" : "test/editor/*.test.ts",
          ],
          globalSetup: "test/editor/support/install.ts",
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          // A person would press the key again: a real editor now and then drops one while it is busy.
          retry: 1,
        },
      },
    ],
  },
});
