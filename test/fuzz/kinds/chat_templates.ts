import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../../engine/errors/index.ts";
import { projectRoot } from "../../../engine/model_file/index.ts";
import { renderChat } from "../../../engine/text/index.ts";
import * as chatTemplates from "../../fixtures/text/chat_templates.ts";
import { changed, type Kind, requireSentence, soundInput } from "../kind.ts";
import { mutateText } from "../mutate_text.ts";

const MESSAGES = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "What is `a + b`? <|im_end|>" },
  { role: "assistant", content: "<think>\nIt is c.\n</think>\n\nc" },
  { role: "user", content: "Why?" },
] as const;

/** What makes a template run long, deep or wide. */
const WORDS: readonly string[] = [
  "{% for i in range(1000000000) %}x{% endfor %}",
  "{% for i in range(60000) %}{% for j in range(60000) %}{% endfor %}{% endfor %}",
  "{% macro f(n) %}{{ f(n - 1) }}{{ f(n - 1) }}{% endmacro %}{{ f(40) }}",
  "{% macro g(n) %}{% if n > 0 %}{{ g(n - 1) }}{{ g(n - 1) }}{% endif %}{% endmacro %}{{ g(40) }}",
  "{% set ns = namespace(s='ab', a=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
  "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}",
  "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a | tojson }}",
  "{{ 'a\\n' | indent(1000000000) }}",
  "{{ messages | tojson(indent=1000000000) }}",
  "{% for m in messages[::0] %}x{% endfor %}",
  "{{ messages[0].content[::-1] }}",
  "{{ 2 ** 1e9 }}",
  "{{ none.x.y }}",
  "{{ raise_exception('no') }}",
  "{{ messages[10 ** 20] }}",
  "{{ constructor.constructor('return process')() }}",
  "{{ messages.__proto__ }}",
  "{{ self }}{{ loop }}",
  "{% raw %}",
  "{#",
  "{{",
  "{%",
  "-%}",
  "{% endfor %}",
  "{% else %}",
  "{% break %}",
  "{% generation %}",
  `{{ ${"(".repeat(20_000)} }}`,
  `{{ ${"[".repeat(20_000)} }}`,
  `{{ 1 ${"+ 1 ".repeat(20_000)} }}`,
  "{% if x %}".repeat(10_000),
  "{% raw %}".repeat(10_000),
  " ".repeat(100_000),
  "\\n".repeat(4_000),
  "{{ 'x'.replace('', 'y' * 9) }}",
];

/** Chat templates: those of published files and those that tests were written for. */
export function templates(): Kind {
  const published = readFileSync(join(projectRoot(), "test/fixtures/headers/published.txt"), "utf8")
    .split("\n")
    .map((line) => /^template \d+ (.*)$/.exec(line)?.[1])
    .filter((json) => json !== undefined)
    .map((json) => String(JSON.parse(json)));
  const sound = [...published, ...Object.values(chatTemplates).filter((it) => typeof it === "string")];
  return {
    name: "chat templates",
    sound: sound.map((text, base) => soundInput({ template: Buffer.from(text) }, base)),
    mutate(input, random) {
      const { what, bytes } = mutateText(input.files.template!, random, WORDS);
      return changed(input, "template", bytes, what);
    },
    async check({ files }) {
      try {
        const text = renderChat(Buffer.from(files.template!).toString(), MESSAGES, {
          addGenerationPrompt: true,
        });
        if (typeof text !== "string") throw new Error(`rendered as ${typeof text}`);
        return "read";
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        requireSentence(error.message);
        return "refused";
      }
    },
  };
}
