import { describe, expect, test } from "vitest";
import { conversationTurns, type Exchange } from "../../../extension/explain/conversation.ts";
import { refactorMessages } from "../../../extension/refactor/request.ts";
import { pageHtml } from "../../../extension/webviews/html.ts";
import { bytes, percent, share, time } from "../../../extension/webviews/pages/format.ts";
import { fenceFor } from "../../../extension/words/fence.ts";

test("the model is told instruction, selection and surroundings, in fences that the code cannot close", () => {
  const messages = refactorMessages({
    instruction: "Simplify",
    path: "a.md",
    languageId: "markdown",
    before: "x".repeat(5000),
    selected: "```\ncode\n```",
    after: "",
    around: 1500,
  });
  expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(messages[1]!.content).toContain("````markdown\n```\ncode\n```\n````");
  expect(messages[1]!.content).toContain("Instruction: Simplify");
  expect(messages[1]!.content.length).toBeLessThan(2000);
  expect(fenceFor("a ``` b ````` c")).toBe("``````");
});

describe("a conversation", () => {
  const subject = { path: "a.ts", languageId: "typescript", firstLine: 3, lastLine: 4, code: "f();" };
  const exchange = (n: number, answer = `answer ${n}`): Exchange => ({ question: `question ${n}`, answer });

  test("begins with the code and the first question, and alternates", () => {
    const { turns, dropped } = conversationTurns(subject, [exchange(1), exchange(2, "")], 4000);
    expect(dropped).toBe(0);
    expect(turns.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(turns[1]!.content).toContain("Lines 3 to 4 of a.ts");
    expect(turns[1]!.content).toContain("question 1");
    expect(turns[3]!.content).toBe("question 2");
  });

  test("drops the oldest exchanges when the context is full, never the code nor the newest question", () => {
    const long = [1, 2, 3, 4].map((n) => exchange(n, n === 4 ? "" : "word ".repeat(200)));
    const { turns, dropped } = conversationTurns(subject, long, 600);
    expect(dropped).toBeGreaterThan(0);
    const all = turns.map(({ content }) => content).join("\n");
    expect(all).toContain("f();");
    expect(all).toContain("question 4");
    expect(all).not.toContain("question 2");
    for (let n = 1; n < turns.length; n++) expect(turns[n]!.role).not.toBe(turns[n - 1]!.role);
  });
});

test("a page allows its own script by nonce and its own styles, and reads its data as no markup", () => {
  const parts = {
    title: 'A "title" <b>',
    cspSource: "https://page.example",
    script: "https://page.example/a.js",
    styles: ["https://page.example/a.css"],
    data: { text: "</script><script>alert(1)</script>" },
    language: "en",
  };
  const html = pageHtml(parts);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|data:/);
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]!;
  expect([...html.matchAll(/<script[^>]*>/g)].every(([tag]) => tag.includes(`nonce="${nonce}"`))).toBe(true);
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html).not.toMatch(/ on\w+="|style="/);
  expect(html).toContain("A &quot;title&quot; &lt;b>");
  expect(pageHtml(parts)).not.toBe(html); // the nonce is new each time
});

test("numbers read as people write them, and no share is given of too few", () => {
  expect([percent(0.274), percent(null)]).toEqual(["27 %", "–"]);
  expect([time(3.4), time(148), time(1500), time(null)]).toEqual(["3 ms", "148 ms", "1.5 s", "–"]);
  expect([bytes(8_100_000), bytes(2_500_000_000), bytes(900)]).toEqual(["8.1 MB", "2.5 GB", "1 kB"]);
  expect(share({ rate: null, n: 7 }, 20)).toBe("collecting: 7 of 20");
  expect(share({ rate: 0.5, n: 40 }, 20)).toBe("50 % of 40");
});
