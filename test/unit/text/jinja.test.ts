import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../../engine/text/jinja.ts";

const render = (template: string, values = {}) => compileTemplate(template)(values);

describe("what the library reads otherwise than Python's Jinja", () => {
  const cases: readonly (readonly [template: string, text: string, values?: Record<string, unknown>])[] = [
    ["{{ 'xxaxx'.strip('x') }}", "a"],
    ["{{ 'xyaxy'.lstrip('yx') }}", "axy"],
    ["{{ 'xyaxy'.rstrip('yx') }}", "xya"],
    ["{{ x.strip('\\n') }}", " a ", { x: "\n a \n" }],
    ["{{ ' a '.strip() }}", "a"],
    ["{{ true }}{{ false }}{{ none }}", "TrueFalseNone"],
    ["{{ x }}", "True", { x: true }],
    ["{{ x }}", "None", { x: null }],
    ["{{ x }}", ""],
    ["{{ m.content }}", "None", { m: { content: null } }],
    ["{{ true if x else false }}", "False", { x: 0 }],
    ["{{ 'a' ~ true ~ none }}", "aTrueNone"],
    ["{{ true | string }}", "True"],
    ["{{ 2.0 }} {{ 4 / 2 }} {{ 7 // 2 }} {{ x }}", "2.0 2.0 3 2", { x: 2 }],
    ["{{ [true, none, 'a', 1, 1.0] }}", "[True, None, 'a', 1, 1.0]"],
    ["{{ {'a': \"it's\", 'b': [false]} }}", "{'a': \"it's\", 'b': [False]}"],
    ["{{ x }}", "['a\\n']", { x: ["a\n"] }],
    ["{% for y in x %}{{ y }};{% else %}{{ none }}{% endfor %}", "1;True;", { x: [1, true] }],
    ["{% if x %}{{ x }}{% endif %}", "True", { x: true }],
    ["{{ [1, 2, 3] | reject('equalto', 2) | list }}", "[1, 3]"],
    ["{{ [0, 1, ''] | select | list | length }}", "1"],
    ["{{ ['a', 1] | select('string') | join(',') }}", "a"],
    ["{{ '%s: %d%%' | format('a', 2) }}", "a: 2%"],
    ["{% raw %}{{ a }} {% b %}{% endraw %}", "{{ a }} {% b %}"],
    ["a {%- raw -%} {{ 'q' }}\n {%- endraw -%} b", "a{{ 'q' }}b"],
    ["{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f(true) }}", "<True>"],
  ];
  for (const [template, text, values] of cases)
    test(`${template} → ${JSON.stringify(text)}`, () => expect(render(template, values)).toBe(text));
});

describe("what neither knows is an error, and no other prompt", () => {
  test.each([
    ["{{ '%x' | format(3) }}", "format knows %s and %d, and not %x"],
    ["{{ [1] | reject('divisibleby', 2) }}", "reject knows no test divisibleby"],
    ["{{ 'a' | unknown }}", "Unknown StringValue filter: unknown"],
    ["{{ 'a'.partition('b') }}", "Cannot call something that is not a function"],
  ])("%s", (template, sentence) => {
    expect(() => render(template)).toThrow(sentence);
  });
});
