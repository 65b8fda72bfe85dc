import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TypingEvent, traceHeader, traceLine } from "../../../engine/complete/replay/recording.ts";
import { ggufBytes } from "../../reference/write_gguf.ts";
import { buildCommandLine, type CommandLine, renamed, withNumber, withTensor } from "../support/cli.ts";
import { argMaxes, fixtures, miniModel } from "../support/models.ts";

let cli: CommandLine;
beforeAll(async () => {
  cli = await buildCommandLine();
});
afterAll(() => cli[Symbol.asyncDispose]());

const mini: Buffer = readFileSync(miniModel);
const sample = join(fixtures, "sample", "stack.ts");
const sampleText = readFileSync(sample, "utf8");
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(fixtures, ...path), "utf8"));
const golden = readJson("golden", "foretype-mini.json").cases[0] as {
  ids: number[];
  greedy: number[];
  mtpLast: [id: number, logProbability: number][];
};

/** What the capitals in the command lines below are replaced by, so that titles show no paths. */
const paths: Record<string, string> = {
  FOLDER: fixtures,
  SAMPLE: sample,
  GOLDEN: join(fixtures, "golden", "foretype-mini.json"),
};
const words = (line: string, file = "") =>
  line
    .split(" ")
    .map((word) => word.replace(/^[A-Z]{4,}/, (name) => ({ FILE: file, ...paths })[name] ?? name));

/** One sentence on stderr and nothing else, and nothing left behind. */
async function expectRefused(args: string[], sentence: RegExp, status: number, env = {}): Promise<void> {
  const run = await cli.run(args, { env });
  expect(run.stdout).toBe("");
  expect(run.stderr).toMatch(/^[^\n]+\.\n$/);
  expect(run.stderr).not.toMatch(/\. [A-Z]|Foretype failed|undefined|\[object/);
  expect(run.stderr).toMatch(sentence);
  expect(run.status).toBe(status);
  expect(await cli.leftovers()).toEqual([]);
}

describe("a model that cannot run is refused in one sentence", () => {
  const down = "blk.1.ffn_down.weight";
  const broken: [what: string, file: () => Uint8Array, sentence: RegExp][] = [
    ["another kind of file", () => Buffer.from("import os\n"), /not a GGUF file .*: choose a model in GGUF/],
    ["an empty file", () => Buffer.alloc(0), /is empty: download it again/],
    ["four bytes", () => mini.subarray(0, 4), /damaged .*ends at 4\): download it again/],
    ["half a header", () => mini.subarray(0, 40_000), /damaged .* bytes .*ends at 40,000\): download/],
    [
      "half the tensors",
      () => mini.subarray(0, 2_000_000),
      /damaged \(tensor \S+ needs .*2,000,000\): download/,
    ],
    [
      "a model of another family",
      () => ggufBytes({ metadata: [["general.architecture", "string", "gemma3"]] }),
      /"gemma3" model, and this version runs Qwen3\.5 .*: choose/,
    ],
    [
      "a quantisation that the engine does not have",
      () => withTensor(mini, down, { type: 40 }),
      /has 1 tensor in NVFP4, which cannot be computed with here: get .* in Q4_K_M/,
    ],
    [
      "a tensor of no known type",
      () => withTensor(mini, down, { type: 77 }),
      /has 1 tensor in type 77, which/,
    ],
    [
      "a missing tensor",
      () => renamed(mini, down, "blk.1.ffn_left.weight"),
      /no tensor blk\.1\.ffn_down\.weight/,
    ],
    [
      "a tensor of another shape",
      () => withTensor(mini, down, { dims: [256, 512] }),
      /blk\.1\.ffn_down\.weight has shape \[256, 512\] where \[512, 256\] is needed/,
    ],
    [
      "another tokenizer",
      () => renamed(mini, "gpt2", "bert"),
      /"bert" in metadata key tokenizer\.ggml\.model/,
    ],
  ];
  test.each(broken)("%s", async (_, bytes, sentence) => {
    const file = cli.at("model.gguf");
    await writeFile(file, bytes());
    await expectRefused(words("generate FILE --ids 1 --max 1", file), sentence, 1);
  });

  const unfit: [what: string, args: string, sentence: RegExp][] = [
    ["no file", "inspect missing.gguf", /^There is no file missing\.gguf: check the path/],
    ["a folder", "inspect FOLDER", /is a directory: name the \.gguf file in it/],
    [
      "a model larger than the memory",
      "generate mini --ids 1 --memory 1000000",
      /needs \d\.\d MiB of GPU memory with a context of 512 and 1\.0 MiB is free: choose/,
    ],
    [
      "a context longer than its training",
      "logits mini --ids 1 --context 513",
      /512 .* asks for 513: choose/,
    ],
    [
      "a chat with a model that only completes",
      "generate mini --prompt Hi --chat",
      /no chat template.*leave out/,
    ],
  ];
  test.each(unfit)("%s", (_, args, sentence) => expectRefused(words(args), sentence, 1));

  test("a model without fill-in-the-middle tokens, for complete", async () => {
    const file = cli.at("no_fim.gguf");
    let bytes = mini;
    for (const it of ["prefix", "suffix", "middle"]) bytes = renamed(bytes, `<|fim_${it}|>`, `<|xxx_${it}|>`);
    await writeFile(file, bytes);
    const sentence = /no fill-in-the-middle tokens: choose a model that completes code/;
    await expectRefused(words("complete SAMPLE:27:11 --model FILE", file), sentence, 1);
  });

  test("a model without an MTP block, for its logits", async () => {
    const file = cli.at("no_mtp.gguf");
    const trunk = withNumber(mini, "qwen35.block_count", 4);
    await writeFile(file, withNumber(trunk, "qwen35.nextn_predict_layers", 0));
    await expectRefused(words("logits FILE --ids 1 --mtp", file), /no MTP block: leave out --mtp/, 1);
  });

  test("inspect shows a model whose tensors cannot be computed with, and names them", async () => {
    const file = cli.at("iq2.gguf");
    await writeFile(file, withTensor(mini, down, { type: 40 }));
    const { status, stdout } = await cli.run(["inspect", file]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/cannot load +1 tensor: blk\.1\.ffn_down\.weight \(NVFP4\)\n/);
  });
});

describe("no device", () => {
  const none = { FORETYPE_VULKAN_DIR: join(fixtures, "none"), VK_DRIVER_FILES: join(fixtures, "none.json") };
  const advice = /^No GPU answered: install your GPU's Vulkan driver .* or run `npm start` in the checkout/;

  test.runIf(process.platform === "linux").each([
    ["devices", "", advice],
    ["generate mini --ids 1", "auto", advice],
    ["generate mini --ids 1", "lavapipe", /^No device "lavapipe" answered: `foretype devices` lists/],
  ])("%s on device '%s' says what to do", (args, device, sentence) =>
    expectRefused(words(args), sentence, 1, { ...none, ...(device && { FORETYPE_DEVICE: device }) }),
  );

  test("a device that is not there", () =>
    expectRefused(words("generate mini --ids 1 --device Voodoo2"), /^No device "Voodoo2" answered: /, 1));

  test.runIf(process.platform === "linux")("inspect needs none", async () => {
    const { status, stdout } = await cli.run(["inspect", "mini", "--json"], {
      env: { ...none, FORETYPE_DEVICE: "auto" },
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ architecture: "qwen35", device: null, fits: null });
  });
});

describe("input that does not fit is refused in one sentence", () => {
  const cases: [args: string, sentence: RegExp][] = [
    ["generate mini --ids 1,4096", /^There is no token 4096: ids go from 0 to 4095/],
    ["logits mini --ids 4096", /^There is no token 4096: ids go from 0 to 4095/],
    [
      "generate mini --ids 1,2,3,4,5 --context 5",
      /has 5 tokens and the context holds 5, one of them for the answer/,
    ],
    ["logits mini --ids 1,2,3,4,5 --context 4", /has 5 tokens and the context holds 4: give fewer/],
    ["generate mini --prompt ", /prompt is empty: give it at least one token/],
    [
      "generate mini --prompt-file missing.txt",
      /^missing\.txt cannot be read \(there is no such file\): name/,
    ],
    ["tokenize mini --file missing.txt", /^missing\.txt cannot be read \(there is no such file\): name/],
    ["complete missing.ts:1:1", /^missing\.ts cannot be read \(there is no such file\): name/],
    ["complete FOLDER:1:1", /cannot be read \(it is a directory\): name a text file/],
    ["complete SAMPLE:36:1", /has 35 lines; there is no line 36: choose one from 1 to 35/],
    ["complete SAMPLE:0:1", /has 35 lines; there is no line 0: choose one from 1 to 35/],
    [
      "complete SAMPLE:27:12",
      /^Line 27 of .* has 10 characters; there is no column 12: choose one from 1 to 11/,
    ],
    ["replay missing.jsonl", /^missing\.jsonl cannot be read \(there is no such file\)/],
    ["replay SAMPLE", /is no typing trace that can be played \(line 1: it is not JSON\): record it again/],
    ["bench --suite decode --context 128", /needs a context of 129 and it is 128: choose/],
    ["bench --compare missing.json", /^missing\.json cannot be read \(there is no such file\)/],
    ["bench --compare SAMPLE", /stack\.ts is not a report of bench \(it is not JSON\): write one with/],
    ["bench --compare GOLDEN", /\(it has no measures\): write one with `foretype bench/],
    ["bench --report SAMPLE", /^\S+stack\.ts cannot be written into \(EEXIST\): name another folder/],
    ["bench --report x --compare GOLDEN", /\(it is no "foretype speed report"\): name a report\.json that/],
    ["bench --report x --compare missing.json", /^missing\.json cannot be read/],
    ["profile mini --at 449", /after 449 positions does not fit a context of 512: choose at most 448/],
    ["profile mini --memory 1000000", /needs \d\.\d MiB of GPU memory .* and 1\.0 MiB is free: choose/],
    ["inspect ", /^The name of the model is empty: name a GGUF file/],
    ["profile missing.gguf", /^There is no file missing\.gguf: check the path/],
  ];
  test.each(cases)("%s", (args, sentence) => expectRefused(words(args), sentence, 1));

  test("a report without figures", async () => {
    const file = cli.at("report.json");
    for (const [text, sentence] of [
      ['{"measures":null}', /\(it has no measures\): write one with/],
      ['{"measures":{"load":null}}', /\("load" has no median\): write one with/],
    ] as const) {
      await writeFile(file, text);
      await expectRefused(["bench", "--compare", file], sentence, 1);
    }
  });

  test("a place that cannot be written", async () => {
    await mkdir(cli.at("folder"));
    for (const out of [cli.at("folder"), cli.at("no/such/folder/rows.f32")]) {
      await expectRefused(
        ["logits", "mini", "--ids", "1", "--out", out],
        /cannot be written \(E\w+\): choose/,
        1,
      );
    }
  });
});

describe("bad usage is refused in one sentence, with status 2", () => {
  const cases: [args: string, sentence: RegExp][] = [
    ["", /^No command is given: see `foretype --help`/],
    ["complet a.ts:1:1", /^Unknown command 'complet' \(Did you mean complete\?\): see `foretype --help`/],
    ["devices --bogus", /^Unknown option '--bogus': see `foretype devices --help`/],
    ["devices mini", /^Too many arguments for 'devices': expected 0 arguments but got 1/],
    ["inspect", /^Missing required argument 'MODEL': see/],
    ["complete", /^Missing required argument 'FILE:LINE:COL': see/],
    ["replay", /^Missing required argument 'TRACE\.jsonl': see/],
    ["replay a.jsonl --next-edit --keys", /'--next-edit' cannot be used with option '--keys'/],
    ["replay a.jsonl --speed 0", /'0' is invalid: --speed is a number from 0\.01 to 1000/],
    ["generate mini --prompt", /^Option '--prompt <T>' argument missing: see/],
    ["logits mini", /^Required option '--ids <LIST>' not specified: see/],
    ["tokenize mini", /^Give exactly one of --text, --file: see/],
    ["tokenize mini --text a --file b", /^Option '--text <T>' cannot be used with option '--file <F>': see/],
    ["generate mini", /^Give exactly one of --prompt, --prompt-file, --ids: see/],
    ["generate mini --prompt a --ids 1", /^Give exactly one of --prompt, --prompt-file, --ids: see/],
    ["generate mini --chat --ids 1", /^Option '--chat' cannot be used with option '--ids <LIST>': see/],
    ["generate mini --ids 1,x", /'1,x' is invalid: ids are whole numbers with commas, such as 1,2,3/],
    ["generate mini --ids ", /'' is invalid: ids are whole numbers with commas, such as 1,2,3/],
    ["generate mini --ids 1 --max 0", /'0' is invalid: --max is a whole number from 1 to 2147483647/],
    ["generate mini --ids 1 --max 2.5", /'2\.5' is invalid: --max is a whole number from 1 to/],
    ["generate mini --ids 1 --context x", /'x' is invalid: --context is a whole number from 1 to/],
    ["generate mini --ids 1 --memory 0", /'0' is invalid: --memory is a whole number from 1 to/],
    ["generate mini --ids 1 --temp -1", /'-1' is invalid: --temp is a number from 0 to 100/],
    ["generate mini --ids 1 --temp NaN", /'NaN' is invalid: --temp is a number from 0 to 100/],
    ["generate mini --ids 1 --top-p 1.1", /'1\.1' is invalid: --top-p is a number from 0 to 1/],
    ["generate mini --ids 1 --min-p 2", /'2' is invalid: --min-p is a number from 0 to 1/],
    ["generate mini --ids 1 --top-k -1", /'-1' is invalid: --top-k is a whole number from 0 to/],
    ["generate mini --ids 1 --seed 4294967296", /is invalid: --seed is a whole number from 0 to 4294967295/],
    ["generate mini --ids 1 --kv q8_0", /'q8_0' is invalid: allowed choices are f16, f32/],
    ["generate mini --ids 1 --draft best", /'best' is invalid: allowed choices are auto, mtp, ngram, off/],
    ["generate mini --ids 1 --draft-max 0", /'0' is invalid: --draft-max is a whole number from 1 to 64/],
    [
      "generate mini --ids 1 --rollback undo",
      /'undo' is invalid: allowed choices are auto, tape, planes, replay/,
    ],
    ["logits mini --ids 1 --top 0", /'0' is invalid: --top is a whole number from 1 to/],
    ["bench --suite decode,speed", /there is no suite "speed"; the suites are load, prefill, decode/],
    ["profile mini --rows 65", /rows are whole numbers from 1 to 64 with commas/],
    ["profile mini --at -1", /'-1' is invalid: --at is a whole number from 0 to/],
    [
      "profile mini --compile-only --at 5",
      /^Option '--compile-only' cannot be used with option '--at <N>': see/,
    ],
    [
      "bench --report x --suite load",
      /^Option '--report <FOLDER>' cannot be used with option '--suite <LIST>'/,
    ],
    ["bench --quick", /^--quick is for --report: see `foretype bench --help`/],
    ["bench --budget 60", /^--budget is for --report: see/],
    ["bench --report x --budget 0", /'0' is invalid: --budget is a whole number from 1 to/],
    ["bench --rounds 0", /'0' is invalid: --rounds is a whole number from 1 to/],
    ["bench --peer ollama", /'ollama' is invalid: allowed choices are llama\.cpp/],
    ...["a.ts", "a.ts:1", "a.ts:1:x", ":1:1"].map((place): [string, RegExp] => [
      `complete ${place}`,
      /is invalid for argument 'FILE:LINE:COL': a place is FILE:LINE:COL, counted from 1, such as/,
    ]),
  ];
  test.each(cases)("foretype %s", (args, sentence) =>
    expectRefused(args === "" ? [] : words(args), sentence, 2),
  );
});

describe("--json prints exactly one document", () => {
  async function document<T>(args: string[]): Promise<T> {
    const run = await cli.run([...args, "--json"]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    return JSON.parse(run.stdout) as T;
  }
  const ms = expect.any(Number);

  test("devices: what each adapter is, the first one used", async () => {
    const adapters = await document<object[]>(["devices"]);
    expect(adapters.length).toBeGreaterThan(0);
    for (const [i, adapter] of adapters.entries()) {
      expect(adapter).toMatchObject({
        choice: expect.any(String),
        description: expect.stringMatching(/./),
        software: expect.any(Boolean),
        features: expect.any(Array),
        limits: { maxStorageBufferBindingSize: expect.any(Number) },
        used: i === 0,
      });
    }
  });

  test("inspect: the file, its network, what it can do and needs", async () => {
    const { tensors, memory, ...rest } = await document<{
      tensors: Record<string, { count: number; bytes: number }>;
      memory: Record<string, number>;
    }>(["inspect", "mini"]);
    expect(rest).toMatchObject({
      name: "Foretype Mini",
      architecture: "qwen35",
      fileBytes: mini.length,
      layers: { total: 4, attention: 1, mtp: 1 },
      vocabulary: 4096,
      contextLength: 512,
      unsupportedTensors: [],
      fillInTheMiddle: true,
      chat: false,
      mtp: true,
      device: expect.stringMatching(/./),
      fits: true,
    });
    expect(Object.keys(tensors)).toEqual(["Q8_0", "F32"]);
    const { weights, kv, state, scratch, total } = memory;
    expect(memory).toMatchObject({ context: 512, kvType: "f16", total: weights! + kv! + state! + scratch! });
    expect(total).toBeGreaterThan(tensors.Q8_0!.bytes);
  });

  test("tokenize: the golden ids, with and without control tokens", async () => {
    type Golden = { text: string; ids: number[]; special: number[] };
    const texts = readJson("text", "tokenizer-golden.json") as Golden[];
    const differs = texts.find(({ ids, special }) => ids.length !== special.length)!;
    await writeFile(cli.at("text.txt"), differs.text);
    const plain = await document<{ ids: number[]; pieces: string[] }>([
      "tokenize",
      "mini",
      "--text",
      differs.text,
    ]);
    const special = await document<{ ids: number[] }>([
      "tokenize",
      "mini",
      "--file",
      cli.at("text.txt"),
      "--special",
    ]);
    expect(plain.ids).toEqual(differs.ids);
    expect(plain.pieces).toHaveLength(plain.ids.length);
    expect(special.ids).toEqual(differs.special);
  });

  test("logits: the likeliest tokens at each position; raw rows of the MTP block in a file", async () => {
    const out = cli.at("rows.f32");
    const ids = golden.ids.join();
    const { which, positions } = await document<{
      which: string;
      positions: {
        position: number;
        id: number;
        top: { id: number; piece: string; logProbability: number }[];
      }[];
    }>(["logits", "mini", "--ids", ids, "--mtp", "--kv", "f32", "--top", "5", "--out", out]);
    expect(which).toBe("mtp");
    expect(positions.map(({ id }) => id)).toEqual(golden.ids);
    const last = positions.at(-1)!.top;
    expect(last.map(({ id }) => id)).toEqual(golden.mtpLast.map(([id]) => id));
    for (const [i, [, expected]] of golden.mtpLast.entries())
      expect(last[i]!.logProbability).toBeCloseTo(expected, 3);

    const bytes = readFileSync(out);
    expect(bytes.length).toBe(golden.ids.length * 4096 * 4);
    const rows = new Float32Array(new Uint8Array(bytes).buffer);
    expect(argMaxes(rows, 4096)).toEqual(positions.map(({ top }) => top[0]!.id));
  });

  interface Generation {
    ids: number[];
    text: string;
  }
  const generate = (args: string) =>
    document<Generation>(["generate", "mini", "--ids", golden.ids.join(), ...words(args)]);

  test("generate: llama.cpp's greedy ids, their text, timings and counters", async () => {
    const result = await generate("--max 16");
    expect(result).toMatchObject({
      device: expect.stringMatching(/./),
      promptIds: golden.ids,
      ids: golden.greedy.slice(0, 16),
      timings: {
        promptTokens: golden.ids.length,
        promptMs: ms,
        tokens: 16,
        decodeMs: ms,
        hostMs: ms,
        steps: 16,
      },
      counters: {
        buffers: ms, // states that are kept of the prompt
        bindGroups: 0,
        pipelines: 0,
        submits: ms,
        dispatches: ms,
        bytesReadBack: 16 * 28,
      },
    });
    const { ids } = await document<{ ids: number[] }>(["tokenize", "mini", "--text", result.text]);
    expect(ids).toEqual(result.ids);
  });

  test("generate: drafts change no id; they are counted, by source and depth, and traced", async () => {
    for (const draft of ["--draft mtp --draft-max 3 --rollback planes", "--draft ngram --draft-max 64"]) {
      const args = [
        "generate",
        "mini",
        "--ids",
        golden.ids.join(),
        ...words(`--max 24 ${draft} --trace --json`),
      ];
      const { stdout, stderr, status } = await cli.run(args);
      expect(status, stderr).toBe(0);
      const result = JSON.parse(stdout);
      expect(result.ids, draft).toEqual(golden.greedy.slice(0, 24));
      const { rounds, drafted, accepted, bySource, byDepth } = result.drafts;
      const source = draft.includes("mtp") ? "mtp" : "ngram";
      expect(accepted, draft).toBeGreaterThan(0);
      expect(bySource[source], draft).toMatchObject({ drafted, accepted });
      expect(byDepth[0].judged, draft).toBeLessThanOrEqual(rounds);
      const lines = stderr.split("\n").filter((line) => line.startsWith("position "));
      expect(lines, draft).toHaveLength(rounds);
      expect(lines.filter((line) => line.includes(`: ${source} drafted `)).length, draft).toBeGreaterThan(0);
      expect(lines.at(-1), draft).toMatch(/: (no draft|all accepted|rejected|end)$/);
    }
  });

  test("generate: a seed decides the text", async () => {
    const [first, again, other] = await Promise.all(
      [7, 7, 8].map((seed) => generate(`--max 24 --temp 1.2 --top-k 50 --top-p 0.95 --seed ${seed}`)),
    );
    expect(again!.ids).toEqual(first!.ids);
    expect(other!.ids).not.toEqual(first!.ids);
    expect(first!.ids).not.toEqual(golden.greedy.slice(0, 24));
  });

  test("complete: the suggestion, why it stopped, and what it cost", async () => {
    expect(await document(words("complete SAMPLE:27:11"))).toMatchObject({
      device: expect.stringMatching(/./),
      shown: expect.stringMatching(/^\.\w+/),
      document: expect.stringMatching(/\n {6}this\.\w+/),
      silence: null,
      stages: expect.arrayContaining([{ stage: "decode", verdict: "found" }]),
      multiLine: false,
      stoppedBy: expect.any(String),
      timings: { firstTextMs: ms, firstLineMs: ms, totalMs: ms },
      loadMs: ms,
      prepareMs: ms,
      generation: { promptTokens: ms, tokens: ms },
    });
  });

  test("replay: what each keystroke of a recording costs, beside reading the whole prompt again", async () => {
    const open = { path: "a.ts", languageId: "typescript", text: sampleText, tabSize: 2, insertSpaces: true };
    const at = sampleText.indexOf("this", sampleText.indexOf("pushAll"));
    const events: TypingEvent[] = [{ type: "open", at: 0, uri: "a.ts", ...open }];
    for (const [index, inserted] of [...".push"].entries()) {
      const offset = at + 4 + index;
      const time = 1000 * (index + 1);
      const changes = [{ offset, removed: 0, inserted }];
      events.push({ type: "change", at: time, uri: "a.ts", version: index + 1, changes });
      events.push({ type: "ask", at: time, uri: "a.ts", cursor: offset + 1, trigger: "automatic" });
    }
    const file = cli.at("typing.jsonl");
    await writeFile(file, traceHeader({ title: "five keys" }) + events.map(traceLine).join(""));
    const report = await document<{ keystrokes: { kind: string }[][] }>(["replay", file, "--keys"]);
    expect(report).toMatchObject({
      clock: "virtual",
      traces: [{ name: "typing.jsonl", title: "five keys" }],
      together: { keystrokes: 5, computedTokens: { max: ms }, wholePromptTokens: { max: ms } },
    });
    expect(report.keystrokes[0]?.map(({ kind }) => kind)).toEqual(Array(5).fill("typed"));
    const { stdout } = await cli.run(["replay", file]);
    expect(stdout).toMatch(/tokens computed a keystroke, p50 \/ p95 \/ max +\d+ \/ \d+ \/ \d+\n/);
  });

  test("edit --model: a model is asked in the format of its name, and what it answers is judged", async () => {
    const model = cli.at("sweep-next-edit-0.5b.gguf");
    await writeFile(model, mini); // it was trained for nothing of the kind: its answer is no edit
    const [file, history] = [cli.at("total.ts"), cli.at("total.jsonl")];
    await writeFile(file, "let total = 1;\nadd(2);\n");
    const open = { path: file, languageId: "typescript", text: "let sum = 1;\nadd(2);\n" };
    const changes = [{ offset: 4, removed: 3, inserted: "total" }];
    await writeFile(
      history,
      traceHeader({ title: "a name" }) +
        traceLine({ type: "open", at: 0, uri: "a.ts", ...open, tabSize: 2, insertSpaces: true }) +
        traceLine({ type: "change", at: 1000, uri: "a.ts", version: 1, changes }),
    );
    const args = ["edit", file, "--history", history, "--model"];
    const report = await document<{ asked: { prompt: string }[]; silence: { id: string } }>([...args, model]);
    expect(report.asked).toHaveLength(1);
    expect(report.asked[0]!.prompt).toContain("<|file_sep|>current/");
    expect(report.silence.id).toMatch(/^model-/);
    await expectRefused([...args, "mini"], /^No edit format is known for mini: name the model /, 1);
  });

  test("bench: medians of each suite, and what a decode step is made of", async () => {
    const suites = "--suite decode,prefill,load --rounds 1 --context 192";
    const report = await document<object>(["bench", ...words(suites)]);
    const measure = (unit: string) => ({ unit, median: ms, min: ms, max: ms });
    expect(report).toMatchObject({
      device: expect.stringMatching(/./),
      peer: null,
      model: "mini",
      rounds: 1,
      measures: {
        "load, weights to the GPU": measure("ms"),
        "prefill, 64 tokens": measure("tok/s"),
        "decode, 64 tokens after 64": measure("ms/token"),
      },
      step: {
        dispatches: ms,
        bytesBound: ms,
        hostMicroseconds: ms,
        objectsMade: 0,
        submits: 1,
        bytesReadBack: 28,
      },
    });
    await writeFile(cli.at("report.json"), JSON.stringify(report));
    const compared = ["bench", "--suite", "load", "--rounds", "1", "--compare", cli.at("report.json")];
    expect(await document(compared)).toMatchObject({ compared: { "load, weights to the GPU": ms } });
  });
});

test.each(["none", undefined])(
  "profile --compile-only on device %s: kernels, plans, rounds",
  async (device) => {
    const args = words("profile mini --compile-only --rows 1,3 --context 512");
    const run = await cli.run([...args, ...(device ? ["--device", device] : [])]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({
      model: "mini",
      compiled: device === undefined,
      rounds: { plain: { submits: 1, bytesReadBack: 28, objectsMade: 0 } },
    });
    expect(report.kernels).toHaveLength(report.pipelines);
    expect(report.kernels.every(({ ms }: { ms?: number }) => (ms !== undefined) === report.compiled)).toBe(
      true,
    );
    expect(Object.keys(report.plans)).toContain("pass 3");
    expect(Object.keys(report.plans)).not.toContain("pass 2");
    for (const plan of Object.values<{ dispatches: number; list: { count: number; kernel: number }[] }>(
      report.plans,
    )) {
      expect(plan.list.reduce((sum, { count }) => sum + count, 0)).toBe(plan.dispatches);
      for (const { kernel } of plan.list) expect(report.kernels[kernel]).toBeDefined();
    }
  },
);

describe("for people", () => {
  test("complete shows the ghost text in its place, between marks where it cannot be dim", async () => {
    const run = await cli.run(words("complete SAMPLE:27:11"), { env: { NO_COLOR: "1" } });
    expect(run.status).toBe(0);
    const lines = run.stdout.split("\n");
    const file = sampleText.split("\n");
    for (const number of [21, 26, 28, 33]) {
      expect(lines).toContain(`${number} │ ${file[number - 1]}`.trimEnd());
    }
    expect(lines.find((line) => line.startsWith("27 │"))).toMatch(/^27 │ {7}this‹\.\w.*›$/);
    expect(run.stdout).toMatch(
      /Suggestion in [\d.]+ m?s, its first line after [\d.]+ m?s; stopped by: \S+\./,
    );
    expect(run.stdout).toMatch(
      /model loaded in [\d.]+ m?s · .* · prompt of \d+ tokens in [\d.]+ m?s · \d+ tokens at/,
    );
    expect(run.stdout + run.stderr).not.toContain("\x1b");
  });

  test("generate prints the text on stdout, what it cost on stderr, and no escape codes", async () => {
    const run = await cli.run(words("generate mini --prompt function --max 8"));
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/\S/);
    expect(run.stderr).toMatch(/^\d+ prompt tokens? in [\d.]+ m?s; 8 tokens, [\d.]+ tok\/s; .+\n$/);
    expect(run.stdout + run.stderr).not.toContain("\x1b");
  });

  test("tables name what they show", async () => {
    const devices = await cli.run(["devices"]);
    expect(devices.stdout).toMatch(/^.+\n {2}used: .+\n {2}name for --device +\S+\n/);
    const logits = await cli.run(words("logits mini --ids 1,2 --top 2"));
    expect(logits.stdout).toMatch(
      /^position +token +next, with log-probability\n0 +1 "\S+" +\d+ ".*" -\d+\.\d{4} {3}/,
    );
    const { stdout, status } = await cli.run(["--help"]);
    for (const name of "devices inspect tokenize logits generate complete bench profile".split(" "))
      expect(stdout).toMatch(new RegExp(`^  ${name} .+\\w$`, "m"));
    expect(status).toBe(0);
  });

  test.each(["generate mini --prompt function --max 300", "inspect mini"])(
    "%s ends quietly when its reader has seen enough",
    async (args) => {
      const run = await cli.run(words(args), { closeEarly: true });
      expect(run.stderr).toBe("");
      expect(run.status).toBe(0);
    },
  );
});

test("no run has left a file behind", async () => {
  expect(await cli.leftovers()).toEqual([]);
});
