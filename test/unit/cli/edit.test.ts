import { expect, test } from "vitest";
import { edit } from "../../../engine/cli/commands/edit.ts";
import { traceHeader, traceLine } from "../../../engine/complete/index.ts";
import { withPrinted } from "./printed.ts";

// `foretype edit FILE --history RECORDING.jsonl`.

const { printed, write } = withPrinted();

const BEFORE = "const timeout = 5;\nstart(timeout);\nstop(timeout);\n";
const AFTER = "const delayMs = 5;\nstart(timeout);\nstop(timeout);\n";

function recording(path: string): string {
  const open = {
    type: "open",
    at: 0,
    uri: "file:///x",
    path,
    languageId: "typescript",
    text: BEFORE,
  } as const;
  return write(
    "history.jsonl",
    traceHeader({ title: "a rename" }) +
      traceLine({ ...open, tabSize: 2, insertSpaces: true }) +
      traceLine({
        type: "change",
        at: 500,
        uri: "file:///x",
        version: 2,
        changes: [{ offset: 6, removed: 7, inserted: "delayMs" }],
      }),
  );
}

test("each place is told with what it becomes, in the order of Tab", async () => {
  const path = write("a.ts", AFTER);
  await edit(path, { history: recording("a.ts") });
  expect(printed()).toBe(
    `${path}:2:7  timeout  →  delayMs\n${path}:3:6  timeout  →  delayMs\nThen nothing (nowhere): The old text is nowhere else where it means the same.\n`,
  );
});

test("--json prints one document", async () => {
  const path = write("a.ts", AFTER);
  await edit(path, { history: recording("a.ts"), json: true });
  expect(JSON.parse(printed())).toMatchObject({
    file: path,
    proposals: [
      { line: 2, column: 7, old: "timeout", new: "delayMs" },
      { line: 3, column: 6, old: "timeout", new: "delayMs" },
    ],
    silence: { id: "nowhere" },
  });
});

test("a place in another file is told with that file", async () => {
  const path = write("a.ts", "export function load() {}\n");
  const open = { type: "open", at: 0, languageId: "typescript", tabSize: 2, insertSpaces: true } as const;
  const user = 'import { fetch } from "./a.ts";\nfetch();\n';
  const history = write(
    "two.jsonl",
    traceHeader({ title: "two files" }) +
      traceLine({
        ...open,
        uri: "file:///b",
        path: "src/b.ts",
        text: user.replaceAll("fetch", "fetchUser"),
      }) +
      traceLine({ ...open, uri: "file:///a", path: "a.ts", text: "export function fetchUser() {}\n" }) +
      traceLine({
        type: "change",
        at: 500,
        uri: "file:///a",
        version: 2,
        changes: [{ offset: 16, removed: 9, inserted: "load" }],
      }),
  );
  await edit(path, { history });
  expect(printed()).toMatch(
    /^src\/b\.ts:1:10 +fetchUser +→ +load\nsrc\/b\.ts:2:1 +fetchUser +→ +load\nThen nothing/,
  );
});

test("a file that the recording does not have, or leaves otherwise, is refused with what to do", async () => {
  const other = write("b.ts", AFTER);
  await expect(edit(other, { history: recording("a.ts") })).rejects.toThrow(
    /ends without .*b\.ts being open: name a file that was typed into\.$/,
  );
  const changed = write("a.ts", BEFORE);
  await expect(edit(changed, { history: recording("a.ts") })).rejects.toThrow(
    /a\.ts is not as .*history\.jsonl leaves it: undo what was changed since, or record again\.$/,
  );
});

test("a secret file has no history", async () => {
  const path = write("a.pem", AFTER);
  await edit(path, { history: recording("a.pem") });
  expect(printed()).toMatch(/^Nothing is proposed \(not-followed\)/);
});

test("an edit model's prompt and its answer are shown, and what it changes after the replacements", async () => {
  const path = write("a.ts", AFTER);
  const answer = "const delayMs = 5;\nstart(delayMs);\nlog(delayMs);\nstop(delayMs);\n";
  await edit(path, {
    history: recording("a.ts"),
    model: "/m/sweep-next-edit-0.5b.q8_0.gguf",
    answer,
    json: true,
  });
  const { asked, proposals } = JSON.parse(printed());
  expect(asked[0].prompt).toContain("<|file_sep|>current/a.ts\nconst delayMs = 5;\nstart(delayMs);");
  expect(asked[0].answer).toBe(answer);
  expect(proposals.at(-1)).toEqual({ line: 2, column: 16, old: "", new: "\nlog(delayMs);" });
});

test("an answer without a model whose format is known is one sentence", async () => {
  const path = write("a.ts", AFTER);
  const history = recording("a.ts");
  await expect(edit(path, { history, answer: "x" })).rejects.toThrow(
    "--answer does not tell in which format it is",
  );
  await expect(edit(path, { history, answer: "x", model: "zeta-2.gguf" })).rejects.toThrow(
    "No edit format is known for zeta-2.gguf",
  );
});
