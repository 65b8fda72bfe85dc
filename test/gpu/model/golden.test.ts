import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { loadModel, type Model, maxRows, type Path } from "../../../engine/model/index.ts";
import { dequantize } from "../../reference/dequantize.ts";
import { ggufBytes } from "../../reference/write_gguf.ts";
import { relativeL2 } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import {
  argMax,
  argMaxes,
  collect,
  copyModel,
  draftChain,
  evaluate,
  fixtures,
  type Golden,
  type ModelChanges,
  type ModelRows,
  miniModel,
  poisonBuffers,
  readGolden,
  temporaryFolder,
} from "../support/models.ts";
import { withLanes } from "../support/test_bed.ts";

/** A model, or what is changed in a copy of it, and what llama.cpp makes of it. */
interface Case {
  readonly name: string;
  readonly path: string;
  readonly changes?: ModelChanges;
  readonly golden: Golden;
  /** Runs the kernels that a GPU runs: shapes as constants, rows of weights shared by several lanes. */
  readonly asOnGpu?: boolean;
}

const goldenOf = (name: string) => readGolden(join(fixtures, "golden"), name);
const modelOf = (name: string) => join(fixtures, "models", `${name}.gguf`);

const quantised = ["Q8_0", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "IQ4_XS"].map((mix): Case => {
  const name = `micro-${mix}`;
  return { name, path: modelOf(name), golden: goldenOf(name) };
});

/** The goldens were computed with the f32 expansion of each file, so the expansion has the same. */
const expanded: Case = {
  name: "micro-Q8_0 expanded to F32",
  path: modelOf("micro-Q8_0"),
  changes: {
    tensor: ({ type, bytes, ...rest }) => {
      const floats = Float32Array.from(dequantize(type, bytes));
      return { ...rest, type: "F32", bytes: new Uint8Array(floats.buffer) };
    },
  },
  golden: goldenOf("micro-Q8_0"),
};

const { mtp: _, ...trunkRows } = goldenOf("micro-Q8_0").rows;
const { ids, greedy } = goldenOf("micro-Q8_0");
const withoutMtp: Case = {
  name: "micro-Q8_0 without its MTP block",
  path: modelOf("micro-Q8_0"),
  changes: {
    metadata: { "qwen35.block_count": 4, "qwen35.nextn_predict_layers": undefined },
    tensor: (tensor) => (tensor.name.startsWith("blk.4.") ? undefined : tensor),
  },
  golden: { ids, greedy, rows: trunkRows },
};

const asOnGpu: Case = { ...quantised[2]!, name: "micro-Q4_K_M with a GPU's kernels", asOnGpu: true };

/** More models with goldens, laid out as the fixtures are, to be checked by hand. */
const extraFolder = process.env.FORETYPE_FIXTURES;
const extra: Case[] = [];
for (const file of extraFolder ? readdirSync(join(extraFolder, "models")) : []) {
  const name = file.replace(/\.gguf$/, "");
  const path = join(extraFolder!, "models", file);
  if (name === file || existsSync(modelOf(name))) continue;
  extra.push({ name, path, golden: readGolden(join(extraFolder!, "golden"), name) });
}

/** How the 40 ids are cut into passes; of few widths, since each is a set of kernels to compile. */
const odd = [13, 1, 17, 9];
const cuts: readonly { kind: Path["kind"]; pieces: readonly number[]; how: string }[] = [
  { kind: "prompt", pieces: [40], how: "in one pass" },
  { kind: "prompt", pieces: odd, how: "in odd pieces" },
  { kind: "rows", pieces: [40], how: "in one pass" },
  { kind: "rows", pieces: odd, how: "in odd pieces" },
  { kind: "rows", pieces: new Array(40).fill(1), how: "token by token" },
];

/** One mix is cut in every way, with f32 KV; the others in one way a path, as only the kernels of their types differ. */
const cutsOf = (model: string, kvType: "f32" | "f16"): typeof cuts =>
  (model === "micro-Q4_K_M" && kvType === "f32") || extraFolder
    ? cuts
    : cuts.filter(({ kind, pieces }) => (kind === "prompt" ? pieces.length === 1 : pieces === odd));

const tolerances = { f32: 2e-5, f16: 3e-4 } as const; // relative L2, by KV type
const context = 256;

/** No kernel knows of both weights and KV, so f16 KV meets one mix, and the others by hand. */
const kvTypesOf = (model: string): readonly ("f32" | "f16")[] =>
  model !== "micro-Q4_K_M" && !extraFolder ? ["f32"] : ["f32", "f16"];

interface Figure {
  readonly model: string;
  readonly device: string;
  readonly kv: string;
  readonly logits: number;
  readonly hidden: number;
  readonly mtp: number;
}
const figures = new Map<string, Figure>();

/** Keeps the worst errors of a model, a device and a KV type. */
function note(model: string, device: string, kv: string, actual: ModelRows, expected: ModelRows): Figure {
  const key = `${model} ${device} ${kv}`;
  const before = figures.get(key);
  const error = (kind: keyof ModelRows) =>
    expected[kind] ? relativeL2(actual[kind] ?? [], expected[kind]) : 0;
  const now = { logits: error("logits"), hidden: error("hidden"), mtp: error("mtp") };
  const worst = (kind: keyof ModelRows) => Math.max(before?.[kind] ?? 0, now[kind]);
  figures.set(key, {
    model,
    device,
    kv,
    logits: worst("logits"),
    hidden: worst("hidden"),
    mtp: worst("mtp"),
  });
  return { model, device, kv, ...now };
}

afterAll(() => {
  if (!extraFolder) return;
  const exponent = (error: number) => (error > 0 ? error.toExponential(1) : "–");
  for (const { model, device, kv, logits, hidden, mtp } of figures.values()) {
    console.log(`| ${model} | ${device} | ${kv} | ${[logits, hidden, mtp].map(exponent).join(" | ")} |`);
  }
});

eachDevice((bed, device) => {
  // Lavapipe would compile a GPU's kernels for minutes; which blocks a model has is the same on each device.
  const cases = [...quantised, expanded, device === "swiftshader" ? asOnGpu : withoutMtp, ...extra];
  for (const { name, path, changes, golden, asOnGpu = false } of cases) {
    describe(name, () => {
      const loaded = useModel(() => bed().gpu, path, changes);
      for (const kvType of kvTypesOf(name)) {
        describe(`${kvType} KV`, () => {
          let session: Session;
          beforeAll(() => {
            const gpu = asOnGpu ? withLanes(bed().gpu, "several") : bed().gpu;
            session = new Session(gpu, loaded(), { context, kvType, mtp: golden.draft !== undefined });
            poisonBuffers(session.evaluator); // a pass reads nothing that it, or one before it, did not write
          });
          afterAll(() => session.free());

          for (const { kind, pieces, how } of cutsOf(name, kvType)) {
            test(`${kind} path, ${how}: every row is llama.cpp's`, async () => {
              const actual = await evaluate(session.evaluator, golden.ids, kind, pieces);
              const errors = note(name, device, kvType, actual, golden.rows);
              for (const rows of ["logits", "hidden", "mtp"] as const) {
                expect(errors[rows], rows).toBeLessThanOrEqual(tolerances[kvType]);
              }
              const { vocabulary } = loaded().h;
              expect(argMaxes(actual.logits, vocabulary)).toEqual(argMaxes(golden.rows.logits, vocabulary));
              if (!golden.rows.mtp) return;
              expect(argMaxes(actual.mtp!, vocabulary)).toEqual(argMaxes(golden.rows.mtp, vocabulary));
            });
          }

          // SwiftShader is the slower device; one mix has all tokens there.
          const all = device !== "swiftshader" || name === "micro-Q4_K_M" || extraFolder;
          const expected = all ? golden.greedy : golden.greedy.slice(0, 8);
          test(`the ${expected.length} greedy tokens are llama.cpp's`, async () => {
            const draws = await collect(session.generate(golden.ids, { maxTokens: expected.length }));
            expect(draws.map(({ token }) => token)).toEqual(expected);
          });

          if (golden.draft) {
            const { first, chain } = golden.draft;
            test("the MTP block's draft chain is llama.cpp's", async () => {
              await evaluate(session.evaluator, golden.ids, "prompt", [40]);
              expect(await draftChain(session.evaluator, first, chain.length)).toEqual(chain);
            });
          }
        });
      }
    });
  }

  describe("the embedded model", () => {
    const loaded = useModel(() => bed().gpu, miniModel);
    let session: Session;
    beforeAll(() => {
      session = new Session(bed().gpu, loaded(), { context, kvType: "f32", mtp: true });
    });
    afterAll(() => session.free());

    const all = miniCases();
    const some = [...all.slice(0, 1), ...all.slice(-1)]; // the last is longer than the tape
    for (const it of device === "swiftshader" ? some : all) {
      test(`${it.name}: greedy tokens, probabilities and draft are the reference's`, async () => {
        const { vocabulary } = loaded().h;
        for (const kind of device === "swiftshader" ? (["prompt"] as const) : (["prompt", "rows"] as const)) {
          const { logits, mtp } = await evaluate(session.evaluator, it.ids, kind, fullPasses(it.ids.length));
          expectLogProbabilities(logits.subarray(-vocabulary), it.last);
          expectLogProbabilities(mtp!.subarray(-vocabulary), it.mtpLast);
        }
        expect(await draftChain(session.evaluator, it.greedy[0]!, it.draft.length)).toEqual(it.draft);
        const maxTokens = device === "swiftshader" ? 8 : it.greedy.length;
        const draws = await collect(session.generate(it.ids, { maxTokens }));
        expect(draws.map(({ token }) => token)).toEqual(it.greedy.slice(0, maxTokens));
        expect(Math.abs(draws[0]!.logProbability - it.last[0]![1])).toBeLessThanOrEqual(1e-4);
      });
    }
  });

  describe("other architectures are refused, and the message names what runs", () => {
    test("a dense model of another family", async () => {
      await using folder = await temporaryFolder();
      const path = folder.at("llama.gguf");
      await writeFile(path, ggufBytes({ metadata: [["general.architecture", "string", "mamba"]] }));
      await expectRefused(path);
    });

    async function expectRefused(path: string): Promise<void> {
      await using file = await openGguf(path);
      const before = bed().gpu.bytesHeld();
      const error = await loadModel(bed().gpu, file).then(
        () => expect.fail(`${path} was loaded`),
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toMatch(
        /this version runs Qwen3\.5 .*, Qwen2\.5, .*: choose one of those\./,
      );
      expect(bed().gpu.bytesHeld()).toEqual(before);
    }
  });
}, "fast");

/** Loads the model for the tests of the suite around the call, and frees it after them. */
function useModel(
  gpu: () => Parameters<typeof loadModel>[0],
  path: string,
  changes?: ModelChanges,
): () => Model {
  let model: Model | undefined;
  beforeAll(async () => {
    await using folder = await temporaryFolder();
    if (changes) await copyModel(path, folder.at("model.gguf"), changes);
    await using file = await openGguf(changes ? folder.at("model.gguf") : path);
    model = await loadModel(gpu(), file);
  });
  afterAll(() => model?.free());
  return () => model!;
}

type TopLogProbabilities = readonly (readonly [id: number, logProbability: number])[];

interface MiniCase {
  readonly name: string;
  readonly ids: number[];
  readonly greedy: number[];
  readonly draft: number[];
  /** The five best of the last position, of the trunk and of the MTP block. */
  readonly last: TopLogProbabilities;
  readonly mtpLast: TopLogProbabilities;
}

/** llama.cpp's; of one longer than the tape, which wraps at 128, the reference's that agrees with llama.cpp to 2e-7. */
const miniCases = (): MiniCase[] =>
  ["foretype-mini", "foretype-mini-long"].flatMap((name) => {
    const text = readFileSync(join(fixtures, "golden", `${name}.json`), "utf8");
    return (JSON.parse(text) as { cases: MiniCase[] }).cases;
  });

const fullPasses = (rows: number): number[] =>
  Array.from({ length: Math.ceil(rows / maxRows) }, (_, i) => Math.min(maxRows, rows - i * maxRows));

/** The best ids of the row, in order, have these log-probabilities. */
function expectLogProbabilities(row: Float32Array, top: TopLogProbabilities): void {
  const highest = row[argMax(row)]!;
  const normaliser = highest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - highest), 0));
  const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!);
  expect(order.slice(0, top.length)).toEqual(top.map(([id]) => id));
  for (const [id, expected] of top)
    expect(Math.abs(row[id]! - normaliser - expected)).toBeLessThanOrEqual(1e-4);
}
