import { expect, test } from "vitest";
import { createMetrics } from "../../../engine/complete/index.ts";
import { readSettings } from "../../../extension/settings/settings.ts";
import { diagnostics } from "../../../extension/statistics/diagnostics.ts";
import { record, silent } from "../../fixtures/extension/records.ts";

test("diagnostics hold no source text, no file of the workspace and no folder", () => {
  const secret = "hunter2";
  const { settings } = readSettings({
    get: (name) =>
      ({
        "model.completion": `/home/${secret}/code.gguf`,
        exclude: [`**/${secret}/**`],
        "refactor.presets": [secret],
      })[name],
    home: "/home",
  });
  const report = JSON.stringify(
    diagnostics({
      versions: { foretype: "0.1.0" },
      settings,
      engine: {
        kind: "failed",
        fault: {
          code: "file-damaged",
          problem: `/home/${secret}/code.gguf is broken`,
          advice: "download it again",
        },
      },
      status: {
        device: "GPU",
        deviceIsSoftware: false,
        gpuBytes: 1,
        memoryLimit: null,
        processBytes: 1,
        models: [{ path: `/home/${secret}/code.gguf`, context: 1, bytes: 1, loadMs: 1, drafts: "ngram" }],
      },
      model: null,
      metrics: createMetrics({ now: () => 0 }).stored(),
      traces: [
        record({
          uri: `file:///${secret}`,
          path: secret,
          raw: secret,
          outcome: { kind: "shown", id: 1, text: secret },
          filters: [{ id: "overlap", before: secret, after: secret }],
          prompt: {
            context: [{ path: secret, characters: 12 }],
            prefixCharacters: 1,
            suffixCharacters: 1,
            middleCharacters: 1,
            tokens: 1,
            computedTokens: 1,
          },
        }),
        silent({ id: "excluded", problem: `Its path matches “${secret}”`, path: secret }),
      ],
    }),
  );
  expect(report).not.toContain(secret);
  expect(report).toContain('"id":"excluded"');
  expect(report).toContain('"path":"code.gguf"');
});
