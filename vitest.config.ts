import { defineConfig } from "vitest/config";
import { wgsl } from "./test/setup/wgsl_plugin.mjs";

// A crash in a GPU driver must take down one worker, not the run: hence processes, not threads.
export default defineConfig({
  plugins: [wgsl()],
  test: {
    pool: "forks",
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000 } },
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
    ],
  },
});
