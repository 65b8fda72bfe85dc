import { expect, test } from "vitest";
import { answerHtml } from "../../../extension/webviews/pages/answer_html.ts";

// A model writes what a file told it to, so its answer is as hostile as the file.

const hostile: readonly (readonly [name: string, answer: string])[] = [
  ["an element", "<img src=x onerror=alert(1)>"],
  ["a script", "<script>acquireVsCodeApi().postMessage({ kind: 'ask' })</script>"],
  ["HTML in a list", "- a\n  <iframe src=https://example.com></iframe>"],
  ["HTML after a comment", "<!-- --><svg/onload=alert(1)>"],
  ["a link to a command", "[Fix](command:workbench.action.terminal.new)"],
  ["a link to a file", "[Fix](file:///etc/passwd)"],
  ["a link to a page", "[more](https://example.com/?text=secret)"],
  ["a script in a link", "[more](javascript:alert(1))"],
  ["a link by reference", "[more][1]\n\n[1]: https://example.com"],
  ["an automatic link", "<https://example.com>"],
  ["a bare address", "https://example.com"],
  ["an image", "![a](https://example.com/pixel.png)"],
  ["an image by reference", "![a][1]\n\n[1]: https://example.com/pixel.png"],
  ["an image in a link", "[![a](https://example.com/pixel.png)](https://example.com)"],
  ["markup in a fence's language", '```"><img src=x onerror=alert(1)>\na\n```'],
  ["markup in code", "`</code><img src=x>`"],
  ["an entity", "&lt;img src=x onerror=alert(1)&gt;"],
];

test.each(hostile)("%s is text, and fetches, links and runs nothing", (_, answer) => {
  const html = answerHtml(answer);
  const elements = [...html.matchAll(/<\/?([a-z][a-z0-9]*)([^>]*)>/gi)];
  const allowed = /^(p|ul|ol|li|code|pre|em|strong|blockquote|h[1-6]|hr|br)$/;
  expect(elements.map(([, name]) => name).filter((name) => !allowed.test(name!))).toEqual([]);
  const attributes = elements.map(([, , attribute]) => attribute!.trim()).filter((it) => it !== "");
  expect(attributes.filter((it) => !/^class="language-[^"<>]*"$/.test(it))).toEqual([]);
});

test("what the text says stays readable", () => {
  expect(answerHtml("Use `a < b` and **b**:\n\n```ts\nif (a && b) {}\n```")).toBe(
    '<p>Use <code>a &lt; b</code> and <strong>b</strong>:</p>\n<pre><code class="language-ts">if (a &amp;&amp; b) {}\n</code></pre>\n',
  );
});

test("marks that turn the order of reading are seen, in words and in code", () => {
  expect(answerHtml("`if (a\u202e)` and \u2066b")).toBe("<p><code>if (a⟨U+202E⟩)</code> and ⟨U+2066⟩b</p>\n");
});
