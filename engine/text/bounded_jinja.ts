import { Environment, Interpreter } from "@huggingface/jinja";

// A template comes with a model's file, so whoever made the file wrote a program that runs here. Python's Jinja has a sandbox
// for that; @huggingface/jinja has no way out of its language either, and no bounds. These are ours.

/** Characters of a template. The longest in use have some 40,000. */
const MOST_SOURCE = 2 ** 17;
/** White space in one place: the library's own patterns take time that grows with its square. */
const MOST_SPACE = 2 ** 12;
/**
 * Evaluations of a rendering, each counted with the size of what it gives: about two seconds. A conversation of a thousand
 * messages takes some two hundred thousand.
 */
const MOST_STEPS = 1_000_000;
const ITEM_STEPS = 4; // of a value in a list, since lists are looped over
const TEXT_STEP = 256; // characters that are read in the time of a step
/** Values in a list, with those in the lists in it. */
const MOST_VALUES = 2 ** 20;
/** Characters of a text: more than any prompt. */
const MOST_TEXT = 2 ** 22;
const TEXT_VALUE = 16; // characters that take as much memory as a value
/** Filters that take as long whatever they are given. */
const LOOK_UPS = new Set(["length", "first", "last"]);
/** Filters and methods whose result may be as long as the product of the sizes of what they are given, which is bounded. */
const GROWING = new Set(["replace", "join", "indent", "tojson"]);
const MOST_GROWN = 2 ** 26;

/** What is used of the library's classes, whose types its package does not give. */
interface Scope {
  set(name: string, value: unknown): void;
}
interface Value {
  readonly value: unknown;
}
interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}
interface Evaluator {
  run(program: unknown): Value;
  evaluate(node: Node | undefined, scope: Scope): Value;
}
const LibraryScope = Environment as unknown as new () => Scope;
const LibraryInterpreter = Interpreter as unknown as new (scope: Scope) => Evaluator;

/** @throws Error for a source whose reading alone would take long */
export function requireShort(source: string): void {
  if (source.length > MOST_SOURCE)
    throw new Error(`it has ${source.length} characters, and ${MOST_SOURCE} are the most`);
  const space = new RegExp(`\\s{${MOST_SPACE}}`).test(source);
  if (space) throw new Error(`it has more than ${MOST_SPACE} characters of white space in one place`);
}

/**
 * Runs a template with values, and ends it where it takes too long or grows too large.
 * @throws Error with the bound that it passed, or with the library's own words
 */
export function renderBounded(program: unknown, values: Readonly<Record<string, unknown>>): string {
  const scope = new LibraryScope();
  const globals = { false: false, true: true, none: null, False: false, True: true, None: null };
  for (const [name, value] of Object.entries({ ...globals, raise_exception: raise, range, ...values }))
    scope.set(name, value);
  return String(new BoundedInterpreter(scope).run(program).value);
}

class BoundedInterpreter extends LibraryInterpreter {
  #steps = 0;
  /** Of each list and map that was made, the values in it and in those in it. */
  readonly #weights = new WeakMap<Value, number>();
  /** Of an operation that grows, the product of the sizes of what it was given so far; undefined outside of one. */
  #grown: number | undefined;
  /** Nodes of which one member is looked up, which takes as long whatever their size. */
  readonly #lookedUp = new WeakSet<Node>();
  /** Nodes that name a method, which may read all of its object. */
  readonly #methods = new WeakSet<Node>();

  override evaluate(node: Node | undefined, scope: Scope): Value {
    const outer = this.#grown;
    if (isGrowing(node)) this.#grown = 1;
    else if (node?.type !== "MemberExpression") this.#grown = undefined; // whose object is an operand
    if (node?.type === "CallExpression") this.#methods.add(node.callee as Node);
    if (node?.type === "MemberExpression" && !this.#methods.has(node))
      this.#lookedUp.add(node.object as Node);
    if (node && LOOK_UPS.has(filterOf(node) ?? "")) this.#lookedUp.add(node.operand as Node);
    const value = super.evaluate(node, scope);
    this.#grown = outer;
    const size = this.#sizeOf(value);
    this.#steps += 1 + (node && this.#lookedUp.has(node) ? 0 : size);
    if (this.#steps > MOST_STEPS) throw new Error("it takes too long");
    return value;
  }

  /** What a value costs to walk through once. @throws Error where it, or what is made of it, is too large */
  #sizeOf(value: Value): number {
    const inner = value.value;
    if (typeof inner === "number") this.#grow(inner);
    if (typeof inner === "string") {
      this.#grow(inner.length);
      if (inner.length > MOST_TEXT) throw new Error(`it makes a text of more than ${MOST_TEXT} characters`);
      return inner.length / TEXT_STEP;
    }
    if (!Array.isArray(inner) && !(inner instanceof Map)) return 0;
    let weight = this.#weights.get(value);
    if (weight === undefined) {
      weight = 1;
      for (const one of inner.values() as Iterable<Value>) weight += this.#weightOf(one);
      if (weight > MOST_VALUES) throw new Error(`it makes a list of more than ${MOST_VALUES} values`);
      this.#weights.set(value, weight);
    }
    this.#grow(weight);
    return ITEM_STEPS * (inner instanceof Map ? inner.size : inner.length);
  }

  #weightOf(value: Value): number {
    const inner = value.value;
    return this.#weights.get(value) ?? 1 + (typeof inner === "string" ? inner.length / TEXT_VALUE : 0);
  }

  #grow(by: number): void {
    if (this.#grown === undefined) return;
    this.#grown *= Math.max(1, by);
    if (this.#grown > MOST_GROWN) throw new Error(`it makes a text of more than ${MOST_TEXT} characters`);
  }
}

/** The name of the filter that a node applies; undefined for other nodes. */
function filterOf(node: Node): string | undefined {
  if (node.type !== "FilterExpression") return undefined;
  const filter = node.filter as Node;
  return String(((filter.callee as Node | undefined) ?? filter).value);
}

/** Whether a node is a filter or a method whose result may be as long as the product of what it is given. */
function isGrowing(node: Node | undefined): boolean {
  if (!node) return false;
  const method =
    node.type === "CallExpression" ? ((node.callee as Node).property as Node | undefined) : undefined;
  return GROWING.has(filterOf(node) ?? String(method?.value));
}

function raise(words: unknown): never {
  throw new Error(String(words));
}

/** Python's, as a list. */
function range(from: number, to?: number, step = 1): number[] {
  const [start, stop] = to === undefined ? [0, from] : [from, to];
  if (![start, stop, step].every(Number.isFinite) || step === 0)
    throw new Error(`range(${start}, ${stop}, ${step}) has no end`);
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MOST_VALUES) throw new Error(`it makes a list of more than ${MOST_VALUES} values`);
  return Array.from({ length }, (_, i) => start + i * step);
}
