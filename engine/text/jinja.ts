import { Template } from "@huggingface/jinja";
import { renderBounded, requireShort } from "./bounded_jinja.ts";

// Chat templates are written for Python's Jinja. Where @huggingface/jinja differs, its tree is rewritten before it runs:
// what is printed, `strip` with characters, the filters `format`, `select` and `reject`, and `raw` blocks. What neither
// knows is an error.

/** A node of the library's tree, of which only what is rewritten is known here. */
interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/**
 * Reads a template; the result renders it with values, within bounds.
 * @throws Error with the library's own words or the bound that was passed, for both
 */
export function compileTemplate(source: string): (values: Readonly<Record<string, unknown>>) => string {
  requireShort(source);
  const { parsed } = new Template(withoutRaw(source));
  const program = rewritten(parsed);
  return (values) => renderBounded(program, { ...values, ...FUNCTIONS });
}

const RAW = /\{%(-?)\s*raw\s*(-?)%\}([\s\S]*?)\{%(-?)\s*endraw\s*(-?)%\}/g;

/** Raw blocks as strings, which print what is in them. */
function withoutRaw(source: string): string {
  // Behind the last end no block is closed, and looking for its end from each start would take long.
  let last = 0;
  for (const { 0: end, index } of source.matchAll(/\{%-?\s*endraw\s*-?%\}/g)) last = index + end.length;
  const closed = source
    .slice(0, last)
    .replace(RAW, (_, before: string, first: string, text: string, after: string, behind: string) => {
      const inner = after ? text.trimEnd() : text;
      const literal = JSON.stringify(first ? inner.trimStart() : inner);
      return `{{${before} ${literal} ${behind}}}`;
    });
  return closed + source.slice(last);
}

const STATEMENTS = new Set(["body", "alternate", "defaultBlock"]); // lists of what is printed
// What is cheap to evaluate several times: to print a value, its type is asked for first.
const PRINTED = new Set([
  "Identifier",
  "MemberExpression",
  "Ternary",
  "ArrayLiteral",
  "ObjectLiteral",
  "CallExpression",
]);

function rewritten(value: unknown, isPrinted = false): unknown {
  if (Array.isArray(value)) return value.map((one) => rewritten(one, isPrinted));
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [rewritten(key), rewritten(one)]));
  if (!isNode(value)) return value;
  const own = Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      rewritten(one, Array.isArray(one) && STATEMENTS.has(key)),
    ]),
  );
  const node = inPython({ ...own, type: value.type });
  return isPrinted ? printed(node) : node;
}

/** A value as Python prints it: `True`, `None`, `['a', 1.0]`. Macros write texts, and are called once. */
function printed(node: Node): Node {
  const isMacro = node.type === "CallExpression" && (node.callee as Node).type === "Identifier";
  if (!PRINTED.has(node.type) || isMacro) return node;
  const is = (test: string): Node => ({
    type: "TestExpression",
    operand: node,
    negate: false,
    test: name(test),
  });
  const choose = (condition: Node, trueExpr: Node, falseExpr: Node): Node => ({
    type: "Ternary",
    condition,
    trueExpr,
    falseExpr,
  });
  const repr = callOf("__repr", [node]);
  const isList = choose(is("string"), node, choose(is("iterable"), repr, choose(is("mapping"), repr, node)));
  return choose(is("none"), repr, choose(is("boolean"), repr, isList));
}

/** Nodes are objects with the name of their type. */
const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const name = (value: string): Node => ({ type: "Identifier", value });
const callOf = (callee: string, args: readonly unknown[]): Node => ({
  type: "CallExpression",
  callee: name(callee),
  args,
});

const STRIPS = new Set(["strip", "lstrip", "rstrip"]);

/** A node that the library reads otherwise than Python, as a call of ours. */
function inPython(node: Node): Node {
  if (node.type === "BinaryExpression" && (node.operator as { value: unknown }).value === "~")
    return { ...node, left: printed(node.left as Node), right: printed(node.right as Node) };
  if (node.type === "CallExpression") {
    const { callee, args } = node as Node & { callee: Node; args: readonly Node[] };
    const method =
      callee.type === "MemberExpression" && !callee.computed ? (callee.property as Node) : undefined;
    if (method && STRIPS.has(String(method.value)) && args.length > 0)
      return callOf("__strip", [callee.object, text(String(method.value)), ...args]);
  }
  if (node.type !== "FilterExpression") return node;
  const { operand, filter } = node as Node & { operand: Node; filter: Node };
  const isCall = filter.type === "CallExpression";
  const args = isCall ? (filter.args as readonly Node[]) : [];
  const how = String((isCall ? (filter.callee as Node) : filter).value);
  switch (how) {
    case "format":
      return callOf("__format", [operand, ...args]);
    case "reject":
    case "select":
      return callOf("__select", [operand, text(how), ...args]);
    case "string":
      return { ...node, operand: printed(operand) };
    default:
      return node;
  }
}

const text = (value: string): Node => ({ type: "StringLiteral", value });

/** A value of the library: numbers, texts, lists of such values, maps from texts to such values. */
interface RuntimeValue {
  readonly type: string;
  readonly value: unknown;
}
const isRuntime = (value: unknown): value is RuntimeValue => isNode(value) && "value" in value;

/** As Python's `repr`, of a plain value or one of the library. */
function repr(value: unknown): string {
  if (isRuntime(value)) {
    const isWhole = value.type === "FloatValue" && Number.isInteger(value.value);
    return isWhole ? `${value.value}.0` : repr(value.value);
  }
  if (value === undefined || value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, one]) => `${repr(key)}: ${repr(one)}`).join(", ")}}`;
  return String(value);
}

/** Python takes double quotes only for a text that has single ones and no double ones. */
function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r");
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}

const plain = (value: unknown): unknown => {
  const inner = isRuntime(value) ? value.value : value;
  if (Array.isArray(inner)) return inner.map(plain);
  return inner instanceof Map ? Object.fromEntries([...inner].map(([key, one]) => [key, plain(one)])) : inner;
};

const TESTS: Readonly<Record<string, (value: unknown, other: unknown) => boolean>> = {
  "": (value) => Boolean(value),
  defined: (value) => value !== undefined,
  none: (value) => value === null,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  equalto: (value, other) => value === other,
  eq: (value, other) => value === other,
  "==": (value, other) => value === other,
  ne: (value, other) => value !== other,
  in: (value, other) => Array.isArray(other) && other.includes(value),
};

const FUNCTIONS = {
  strftime_now: (format: unknown): string =>
    new Template("{{ strftime_now(format) }}").render({ format: String(format) }),
  __repr: repr,
  __strip: (value: unknown, how: string, characters: unknown): string => {
    const set = new Set(String(characters));
    const all = [...String(value)];
    let [start, end] = [0, all.length];
    if (how !== "rstrip") while (start < end && set.has(all[start]!)) start++;
    if (how !== "lstrip") while (end > start && set.has(all[end - 1]!)) end--;
    return all.slice(start, end).join("");
  },
  __format: (pattern: unknown, ...values: readonly unknown[]): string => {
    let next = 0;
    return String(pattern).replace(/%(.)/g, (_, kind: string) => {
      if (kind === "%") return "%";
      if (kind !== "s" && kind !== "d") throw new Error(`format knows %s and %d, and not %${kind}`);
      return String(plain(values[next++]));
    });
  },
  __select: (list: unknown, how: string, test: unknown = "", other?: unknown): unknown[] => {
    const holds = Object.hasOwn(TESTS, String(test)) ? TESTS[String(test)] : undefined;
    if (!holds || !Array.isArray(list)) throw new Error(`${how} knows no test ${String(test)}`);
    const second = plain(other);
    return list.map(plain).filter((one) => holds(one, second) === (how === "select"));
  },
};
