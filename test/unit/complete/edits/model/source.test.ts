import { describe, expect, test } from "vitest";
import { createEditHistory } from "../../../../../engine/complete/edits/history.ts";
import type { EditPrompt } from "../../../../../engine/complete/edits/model/formats.ts";
import { createModelSource, textOfPrompt } from "../../../../../engine/complete/edits/model/index.ts";
import { hasSecret } from "../../../../../engine/complete/edits/model/refused.ts";
import { createRefusals } from "../../../../../engine/complete/edits/refusals.ts";
import type { EditPlace } from "../../../../../engine/complete/edits/sources.ts";
import { type EditModel, type EditRequest, NO_COST } from "../../../../../engine/contract/index.ts";

const URI = "file:///a.ts";
const FILE = { uri: URI, path: "a.ts", languageId: "typescript" };

/** A document, one edit in it, and a model that writes `answer`. */
function asked(text: string, old: string, fresh: string, answer: string) {
  let now = 0;
  const clock = { now: () => now };
  const history = createEditHistory({ clock, isExcluded: () => false });
  history.open(FILE, text);
  const offset = text.indexOf(old);
  history.changed(URI, [{ offset, removed: old.length, inserted: fresh }], "typed");
  const requests: EditRequest[] = [];
  const prompts: EditPrompt[] = [];
  const log = { pieces: 0, isLeft: false };
  const model: EditModel = {
    async *edit(request) {
      requests.push(request);
      try {
        for (const piece of answer.match(/[\s\S]{1,4}/g) ?? []) {
          log.pieces++;
          yield { text: piece, logProbability: 0 };
        }
        return { reason: "end", ...NO_COST };
      } finally {
        log.isLeft = true;
      }
    },
  };
  const source = createModelSource({
    model,
    format: "sweep-1",
    clock,
    filesFor: () => [{ path: "b.ts", text: "let b;\n" }],
    onAnswer: (prompt) => prompts.push(prompt),
  });
  const ask = (cursor = offset + fresh.length, signal = new AbortController().signal) =>
    source({ uri: URI, cursor, history, refusals: createRefusals() }, signal);
  const pass = (ms: number) => (now += ms);
  return { ask, pass, history, requests, prompts, log, textNow: () => history.get(URI)!.text };
}

const LINES = "const rate = 5;\nuse(rate);\none();\ntwo();\nthree();\nfour();\n";
const ANSWER = LINES.replaceAll("rate", "price");

describe("a question to a model", () => {
  test.each([
    ["\n", true],
    ["\r\n", true],
    ["\r\n", false],
    ["\n", false],
  ])("in a document with line ends %j, the last line ended: %s, keeps them", async (eol, isEnded) => {
    const text = (isEnded ? LINES : LINES.slice(0, -1)).replaceAll("\n", eol);
    const answer = ANSWER.replace("use(price);", "use(price);\nmore();");
    const it = asked(text, "rate", "price", answer);
    const places = await it.ask();
    expect(places).toHaveLength(1);
    const { start, end, old, fresh } = (places as EditPlace[])[0]!;
    expect([old, fresh]).toEqual(["rate);", `price);${eol}more();`]);
    const now = it.textNow();
    expect(now.slice(start, end)).toBe(old);
    const made = now.slice(0, start) + fresh + now.slice(end);
    expect(made.replaceAll(eol, "\n")).toBe(isEnded ? answer : answer.slice(0, -1));
    expect(made.replaceAll("\r\n", "").includes("\n")).toBe(eol === "\n");
  });

  test("the answer is left once its change is certain, and the decode with it", async () => {
    const it = asked(LINES, "rate", "price", ANSWER + "more();\n".repeat(200));
    expect(await it.ask()).toHaveLength(1);
    expect(it.log.isLeft).toBe(true);
    expect(it.log.pieces * 4).toBeLessThan(ANSWER.length + 4);
  });

  test("says what comes from other files, what the copy drafter follows, and what the last replacement would make", async () => {
    const it = asked(LINES, "rate", "price", "");
    expect(await it.ask()).toBe("model-nothing");
    const { original, expected, maxTokens, stops } = it.requests[0]!;
    expect(original).toBe(`\n${LINES.replace("rate", "price")}`);
    expect(expected).toBe(`\n${ANSWER}`);
    expect(stops).toContain("<|file_sep|>");
    expect(maxTokens).toBeLessThan(200);
    expect(it.prompts).toHaveLength(1);
    expect(it.requests[0]!.prompt.slice(0, 2)).toEqual([{ token: "<|file_sep|>" }, "b.ts\nlet b;\n"]);
    expect(it.requests[0]).not.toHaveProperty("window");
  });

  test("that is taken back asks no more, and answers nothing", async () => {
    const it = asked(LINES, "rate", "price", ANSWER);
    const abort = new AbortController();
    abort.abort();
    expect(await it.ask(5, abort.signal)).toBe("waiting");
    expect(it.log.isLeft).toBe(true);
  });

  test("after line breaks are typed, all of the prompt before the window as it is now is what it was", async () => {
    const many = Array.from({ length: 60 }, (_, n) => `line${n}();`).join("\n");
    const it = asked(many, "line30", "other", "");
    const heads: (string | undefined)[] = [];
    let cursor = many.indexOf("line30") + "other();".length;
    for (let line = 0; line < 4; line++) {
      await it.ask(cursor);
      const { prompt } = it.prompts.at(-1)!;
      heads.push(textOfPrompt(prompt).split("<|file_sep|>current/")[0]);
      it.history.changed(URI, [{ offset: cursor, removed: 0, inserted: "\n" }], "typed");
      cursor++;
    }
    expect(heads).toEqual(heads.map(() => heads[0]));
    expect(heads[0]).toContain("line30");
    expect(heads[0]).toContain("line40");
    expect(heads[0]).not.toContain("line41");
  });

  test("the window stays for ten seconds, then it is centred again", async () => {
    const many = Array.from({ length: 60 }, (_, n) => `line${n}();`).join("\n");
    const it = asked(many, "line30", "other", "");
    const at = (line: number) => it.textNow().split("\n").slice(0, line).join("\n").length + 1;
    const firsts = async (line: number) => {
      await it.ask(at(line));
      return it.prompts.at(-1)!.window.first;
    };
    expect(await firsts(30)).toBe(20);
    expect(await firsts(32)).toBe(20);
    it.pass(11_000);
    expect(await firsts(32)).toBe(22);
  });
});

describe("what looks like a key", () => {
  test.each([
    "-----BEGIN RSA PRIVATE KEY-----",
    "AKIAABCDEFGHIJKLMNOP",
    `ghp_${"a1B2".repeat(9)}`,
    "xoxb-123456789012-abc",
    `sk-proj-${"a1".repeat(12)}`,
    `AIza${"x".repeat(35)}`,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN",
    "postgres://me:hunter22@db.example/x",
    `password = "abc123def456ghi7"`,
    `"apiKey": "0123456789abcdef0123"`,
  ])("%s", (text) => expect(hasSecret(`x ${text} y`)).toBe(true));

  test.each([
    `password: "Please enter your password"`,
    "const token = tokens[0]!;",
    "https://example.com:8080/path@x",
    `https://\${user}:\${password}@host/`,
    "git@github.com:me/project.git",
    "sk-learn",
    "AKIA",
    `secret = "changeme"`,
  ])("not %s", (text) => expect(hasSecret(text)).toBe(false));
});

describe("a file with another name", () => {
  test("keeps what was edited in it, and is told of; unless the new one may not be read", () => {
    const it = asked(LINES, "rate", "price", "");
    it.history.renamed(URI, { uri: "file:///b.ts", path: "b.ts" });
    expect(it.history.get(URI)).toBeUndefined();
    expect(it.history.hunks("file:///b.ts")).toHaveLength(1);
    expect(it.history.past().map(({ path, renamedFrom }) => [path, renamedFrom])).toEqual([
      ["a.ts", undefined],
      ["b.ts", "a.ts"],
    ]);
    const secret = createEditHistory({ clock: { now: () => 0 }, isExcluded: ({ path }) => path === ".env" });
    secret.open(FILE, "x");
    secret.changed(URI, [{ offset: 0, removed: 0, inserted: "y" }], "typed");
    secret.renamed(URI, { uri: "file:///.env", path: ".env" });
    expect(secret.past()).toEqual([]);
    expect(secret.uris()).toEqual([]);
  });

  test("a change at the start of a text that begins with an empty line is one of its first line", () => {
    const it = asked("\nx\n", "\nx", "y\nx", "");
    expect(it.history.hunks(URI)).toMatchObject([{ start: 0, end: 1, before: "", after: "y", line: 0 }]);
  });
});
