// Inputs that nobody writes by accident, one of each class; the fuzzer beside this finds those in between.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exclusionOf, readExclude } from "../../../engine/complete/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { openModelFile, projectRoot } from "../../../engine/model_file/index.ts";
import { renderChat } from "../../../engine/text/index.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { requireSentence } from "../../fuzz/kind.ts";
import { inMemory, readingOf } from "../../fuzz/kinds/model_reading.ts";
import { type RawGguf, rawGgufBytes, readRawGguf } from "../../reference/read_gguf.ts";
import type { MetadataPair } from "../../reference/write_gguf.ts";

const MODEL = join(projectRoot(), "test/fixtures/models/micro-Q4_K_M.gguf");
let folder: string;
let model: Buffer;
let raw: RawGguf;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostile-"));
  model = await readFile(MODEL);
  raw = readRawGguf(model);
});
afterAll(() => rm(folder, { recursive: true }));

/** The sentence that opening a model ends with. */
async function sentenceOf(open: () => Promise<unknown>): Promise<string> {
  const error = await open().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw error ?? new Error("it opens");
  requireSentence(error.message);
  return error.message;
}

describe("a model file with", () => {
  const before = process.resourceUsage().maxRSS;
  const at = (position: number, value: bigint) => () => {
    const bytes = Buffer.from(model);
    bytes.writeBigUInt64LE(value, position);
    return bytes;
  };
  const keyed =
    (...pairs: MetadataPair[]) =>
    () =>
      rawGgufBytes({
        ...raw,
        metadata: [...raw.metadata.filter(([key]) => !pairs.some(([own]) => own === key)), ...pairs],
      });
  const shaped = (change: Partial<RawGguf["tensors"][number]>) => () =>
    rawGgufBytes({ ...raw, tensors: raw.tensors.with(3, { ...raw.tensors[3]!, ...change }) });
  /** A value of an array type, whose bytes are given. */
  const array =
    (type: number, count: bigint, bytes = Buffer.alloc(0)) =>
    () => {
      const head = Buffer.alloc(8 + 1 + 4 + 4 + 8);
      head.writeBigUInt64LE(1n);
      head.write("a", 8);
      head.writeUInt32LE(9, 9);
      head.writeUInt32LE(type, 13);
      head.writeBigUInt64LE(count, 17);
      const counts = Buffer.from(model.subarray(0, 24));
      counts.writeBigUInt64LE(BigInt(raw.metadata.length + 1), 16);
      return Buffer.concat([counts, head, bytes, model.subarray(24)]);
    };
  const nested = Buffer.concat(
    Array.from({ length: 50_000 }, () => Buffer.from([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])),
  );

  const cases: readonly (readonly [what: string, bytes: () => Uint8Array])[] = [
    ["2^63 tensors", at(8, 2n ** 63n)],
    ["2^64 − 1 keys", at(16, 2n ** 64n - 1n)],
    ["a key of 2^63 bytes", at(24, 2n ** 63n)],
    ["an array of 2^63 numbers", array(4, 2n ** 63n)],
    ["an array of 2^24 texts and no bytes for them", array(8, 2n ** 24n)],
    ["a text of 2 GB", array(8, 1n, Buffer.from([0, 0, 0, 0x80, 0, 0, 0, 0]))],
    ["arrays in arrays in arrays", array(9, 1n, nested)],
    ["a dimension of 0", shaped({ dims: [0, 4] })],
    ["five dimensions", shaped({ dims: [1, 1, 1, 1, 1] })],
    ["dimensions whose product passes 2^64", shaped({ dims: [2 ** 32, 2 ** 32, 2 ** 32] })],
    ["an offset past the end", shaped({ offset: 2 ** 40 })],
    ["an offset in another tensor", shaped({ offset: Number(0) })],
    ["an offset of 2^63", shaped({ offset: 2n ** 63n })],
    [
      "two tensors of one name",
      () => rawGgufBytes({ ...raw, tensors: raw.tensors.with(3, raw.tensors[2]!) }),
    ],
    ["one key twice", () => rawGgufBytes({ ...raw, metadata: [...raw.metadata, raw.metadata[0]!] })],
    ["an alignment of 0", keyed(["general.alignment", "u32", 0])],
    ["an alignment of 48", keyed(["general.alignment", "u32", 48])],
    ["2^32 − 1 layers", keyed(["qwen35.block_count", "u32", 2 ** 32 - 1])],
    ["heads of NaN", keyed(["qwen35.attention.head_count", "f32", Number.NaN])],
    ["an epsilon of NaN", keyed(["qwen35.attention.layer_norm_rms_epsilon", "f32", Number.NaN])],
    ["65535 parts", keyed(["split.count", "u16", 65_535])],
    ["a name that is a path", keyed(["general.architecture", "string", "../../../etc/passwd"])],
    ["a name of 16 MB", keyed(["general.architecture", "string", "x".repeat(2 ** 24)])],
  ];
  for (const [what, bytes] of cases)
    test(what, async () => {
      const reading = await readingOf("model.gguf", inMemory({ "model.gguf": bytes() }));
      expect(reading).toHaveProperty("sentence");
      requireSentence((reading as { sentence: string }).sentence);
    });
  test("takes little memory for all that", () => {
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(512 * 1024); // KiB
  });
});

describe.skipIf(process.platform === "win32")("as a path of a model", () => {
  const paths: readonly (readonly [what: string, make: (path: string) => unknown])[] = [
    ["a pipe that nobody writes to", (path) => execFileSync("mkfifo", [path], { env: childEnvironment() })],
    ["an endless device", (path) => symlink("/dev/zero", path)],
    ["an empty device", (path) => symlink("/dev/null", path)],
    ["a link to itself", (path) => symlink(path, path)],
    ["a link to nothing", (path) => symlink(join(folder, "nothing"), path)],
    ["an empty folder", (path) => mkdir(path)],
    ["an empty file", (path) => writeFile(path, "")],
    ["a text in UTF-16", (path) => writeFile(path, Buffer.from("\ufeffGGUF", "utf16le"))],
    [
      "a model behind a byte order mark",
      (path) => writeFile(path, Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), model])),
    ],
  ];
  for (const [i, [what, make]] of paths.entries())
    test(what, async () => {
      const path = join(folder, `path-${i}.gguf`);
      await make(path);
      await sentenceOf(() => openModelFile(path));
    });

  test("a name with NUL, or longer than any", async () => {
    for (const name of ["a\0b.gguf", `${"x".repeat(5000)}.gguf`, ""])
      await sentenceOf(() => openModelFile(name));
  });

  test("a link to a model is that model", async () => {
    const path = join(folder, "linked.gguf");
    await symlink(MODEL, path);
    const { file } = await openModelFile(path);
    await file.close();
  });
});

test("a file that ends while it is read is refused, and no zeros are read for what it had", async () => {
  const path = join(folder, "shrinks.gguf");
  await writeFile(path, model);
  await using file = await openGguf(path);
  const last = [...file.tensors.values()].at(-1)!;
  await truncate(path, last.offset + 10);
  const target = new Uint8Array(last.bytes);
  expect(await sentenceOf(() => file.read(last.offset, target))).toContain("something changed it");
});

test("an entry of foretype.exclude that is too long, or would take long on a name, is left out with its reason", () => {
  const path = `/work/${"a".repeat(250)}`;
  for (const entry of ["x".repeat(2 ** 20), `${"*a".repeat(20)}b`]) {
    const { value, warnings } = readExclude([[entry, "*.pem"]], "/home/ada");
    expect(value).toEqual(["*.pem"]);
    expect(warnings).toHaveLength(1);
    expect(exclusionOf({ uri: `file://${path}`, path, folder: "/work" }, value)).toBeUndefined();
  }
});

describe("a chat template", () => {
  const render = (template: string, count: number): string => {
    const content = "word ".repeat(400);
    const messages = Array.from(
      { length: count },
      (_, i) => ({ role: i % 2 ? "assistant" : "user", content }) as const,
    );
    return renderChat(template, messages, { addGenerationPrompt: true })!;
  };

  test("of two thousand messages is within all bounds", () => {
    const template =
      "{% for m in messages %}{{ m.role ~ m.content | trim }}{{ messages[loop.index0 - 1].role }}{{ messages | length }}{% endfor %}";
    expect(render(template, 2000).length).toBeGreaterThan(4_000_000);
  });

  test.each([
    ["that loops for ever", "{% for i in range(10 ** 12) %}x{% endfor %}", "list"],
    [
      "that loops in loops",
      "{% for i in range(60000) %}{% for j in range(60000) %}{% endfor %}{% endfor %}",
      "too long",
    ],
    ["that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "fails"],
    [
      "that calls itself twice at each level",
      "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
      "too long",
    ],
    [
      "that doubles a text",
      "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}",
      "text of more",
    ],
    [
      "that doubles a list in itself",
      "{% set n = namespace(a=[1]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% endfor %}{{ n.a }}",
      "list of more",
    ],
    [
      "that replaces each letter by a long text",
      "{% set t = messages[0].content %}{{ t.replace('o', t ~ t ~ t ~ t).replace('r', t ~ t ~ t ~ t) }}",
      "text of more",
    ],
    ["that indents by a billion", "{{ 'a\\nb' | indent(10 ** 9) }}", "text of more"],
    ["of white space", " ".repeat(100_000), "white space"],
    ["of a megabyte", "x".repeat(2 ** 20), "characters"],
    ["nested a thousand times too deep", "{% if x %}".repeat(10_000), "stack"],
    ["of raw blocks that never end", "{% raw %}".repeat(10_000), "raw"],
  ])("%s is refused", (_, template, why) => {
    const before = process.resourceUsage().maxRSS;
    const error = (() => {
      try {
        return render(template, 2);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    requireSentence(message);
    expect(message).toContain(why);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(512 * 1024); // KiB
  });
});
