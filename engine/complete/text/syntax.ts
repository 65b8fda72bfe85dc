import type { Language, Node, Parser as ParserType, Tree } from "@vscode/tree-sitter-wasm";
import { type Names, namesOf } from "./names.ts";
import { countErrors } from "./parse_errors.ts";
import type { Pieces } from "./pieces.ts";
import { indentation } from "./place.ts";
import { nearAfter, nearBefore } from "./window.ts";
import { type Written, writtenIn } from "./written.ts";

/** What the parser knows of a place. */
export interface SyntaxFacts {
  /** In a comment, or in a string that documents what it is in. */
  readonly inComment: boolean;
  readonly inString: boolean;
  /** The cursor is in the body of a function, class or statement that has nothing in it yet. */
  readonly emptyBody: boolean;
  /**
   * The end of the top-level or class-member declaration that `lines`, written at the cursor, begin; its comments belong
   * to it. Undefined while it is incomplete, and in functions, where more statements follow.
   */
  readonly declarationEnd: (lines: string) => number | undefined;
  /** What a text would be, written at the cursor; undefined where the parser gives up. */
  readonly written: (text: string) => Written | undefined;
  /**
   * The errors that the parser finds around the cursor with `text` written there: fewer are better, and what is not
   * complete yet has some. Undefined where the parser gives up.
   */
  readonly errorsWith: (text: string) => number | undefined;
}

export interface Syntax {
  /** Undefined while the language's grammar is loading, or if it does not exist: callers then use their fallbacks. */
  factsAt(languageId: string, before: string, after: string): SyntaxFacts | undefined;
}

export interface NameReader {
  /**
   * What the parser knows of the names in a whole text; to be disposed of. Undefined while the grammar is loading or if it does
   * not exist, where the parser gives up, and for a text that is longer than any that is edited by hand.
   */
  readNames(languageId: string, text: string): Pieces<(Names & Disposable) | undefined>;
}

type TreeSitter = typeof import("@vscode/tree-sitter-wasm");

export interface SyntaxLoader {
  /** The parser's own WebAssembly, `tree-sitter.wasm`, or a grammar's, for example `tree-sitter-typescript.wasm`. */
  readonly read: (file: string) => Promise<Uint8Array>;
  /** Called once for each language whose grammar does not load. */
  readonly onError: (message: string) => void;
}

/** Grammars by VS Code's language ids; the packages are those that VS Code itself uses. */
export const GRAMMARS: ReadonlyMap<string, string> = new Map([
  ["typescript", "typescript"],
  ["typescriptreact", "tsx"],
  ["javascript", "javascript"],
  ["javascriptreact", "javascript"],
  ["python", "python"],
  ["go", "go"],
  ["rust", "rust"],
  ["java", "java"],
  ["cpp", "cpp"],
  ["c", "cpp"],
  ["csharp", "c-sharp"],
  ["ruby", "ruby"],
  ["php", "php"],
  ["css", "css"],
  ["shellscript", "bash"],
]);

// The parser looks up now and then, 30 to 50 times in a window of code. Minified text and what the grammar cannot read
// take it longer than a keystroke has: it gives up. Counted, not timed, so that a busy machine decides the same.
const MAX_CHECKS = 100;
// Of a whole text, which is parsed in a pause and in pieces: 8 checks and 0.2 ms for 1,000 characters.
const MAX_WHOLE = { characters: 40_000, checks: 600, checksOfPiece: 10 };

const BODY =
  /^(?:statement_block|block|class_body|switch_body|compound_statement|declaration_list|field_declaration_list|object_type|interface_body|enum_body|body_statement|do_block)$/;

/** Parsers, one for each language, loaded when they are first asked for. */
export function createSyntax(loader: SyntaxLoader): Syntax &
  NameReader & {
    /** Resolves when the language's grammar has loaded or failed to load. */
    ready(languageId: string): Promise<void>;
  } {
  const loads = new Map<string, Promise<void>>();
  const parsers = new Map<string, ParserType | "loading" | "failed">();
  let library: Promise<TreeSitter> | undefined;

  async function load(name: string, languageId: string): Promise<void> {
    parsers.set(name, "loading");
    try {
      library ??= loadLibrary(loader);
      const treeSitter = await library;
      const language: Language = await treeSitter.Language.load(
        await loader.read(`tree-sitter-${name}.wasm`),
      );
      await pause();
      const parser = new treeSitter.Parser();
      parser.setLanguage(language);
      for (const _ of rehearsal(parser, languageId)) await pause();
      parsers.set(name, parser);
    } catch (error) {
      parsers.set(name, "failed");
      loader.onError(`The grammar for ${name} does not load (${(error as Error).message}).`);
    }
  }

  function loadOnce(name: string, languageId: string): Promise<void> {
    const loading = loads.get(name) ?? load(name, languageId);
    loads.set(name, loading);
    return loading;
  }

  function parserFor(languageId: string): ParserType | undefined {
    const name = GRAMMARS.get(languageId);
    if (name === undefined) return undefined;
    const parser = parsers.get(name);
    if (parser === undefined) void loadOnce(name, languageId);
    return parser === undefined || typeof parser === "string" ? undefined : parser;
  }

  return {
    async ready(languageId) {
      const name = GRAMMARS.get(languageId);
      if (name !== undefined) await loadOnce(name, languageId);
    },
    factsAt(languageId, before, after) {
      const parser = parserFor(languageId);
      if (!parser) return undefined;
      return read(parser, opened(GRAMMARS.get(languageId)!, before, nearBefore(before)), nearAfter(after));
    },
    *readNames(languageId, text) {
      const parser = text.length > MAX_WHOLE.characters ? undefined : parserFor(languageId);
      return parser && (yield* namesIn(parser, languageId, text));
    },
  };
}

/** Between the parts of loading: the thread serves keys first. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function loadLibrary(loader: SyntaxLoader): Promise<TreeSitter> {
  const wasmBinary = await loader.read("tree-sitter.wasm");
  const module = await import("@vscode/tree-sitter-wasm");
  await pause();
  // A CommonJS module: bundlers and Node differ in where they put its exports.
  const treeSitter = (module as { default?: TreeSitter }).default ?? module;
  const options: object = { wasmBinary }; // emscripten's; the package's types know another one
  await treeSitter.Parser.init(options as Parameters<typeof treeSitter.Parser.init>[0]);
  await pause();
  return treeSitter;
}

const REHEARSED = "class A {\n  b(c) {\n    if (c) d('e'); // f\n  }\n}\n"; // where it is no code, errors are mended

/** What the first key in a language would wait for: code is compiled when it first runs. It changes nothing. */
function* rehearsal(parser: ParserType, languageId: string): Pieces<void> {
  yield;
  parser.parse("")?.delete();
  yield;
  const facts = read(parser, REHEARSED, "\n");
  yield;
  facts?.written("g();");
  yield;
  facts?.errorsWith("g();");
  yield;
  using names = yield* namesIn(parser, languageId, REHEARSED);
  yield;
  names?.at("class ".length, "class A".length);
}

/** PHP begins behind its tag, which may be far above. */
function opened(grammar: string, before: string, window: string): string {
  if (grammar !== "php" || window.length === before.length) return window;
  if (!before.includes("<?")) return `<?php\n${window}`;
  const tag = before.lastIndexOf("<?", before.length - window.length);
  return tag > before.lastIndexOf("?>", before.length - window.length) ? `<?php\n${window}` : window;
}

function read(parser: ParserType, before: string, after: string): SyntaxFacts | undefined {
  const at = before.length;
  const whole = (text: string) => before + text + after;
  return withTree(parser, whole(""), (tree) => {
    // The character before the cursor tells what the cursor is in; at a comment's end it is still in it.
    const node = tree.rootNode.descendantForIndex(Math.max(0, at - 1), at);
    if (!node) return undefined;
    return {
      inComment: inside(node, /comment/, at, before) || inDocstring(node, at),
      inString: inside(node, /string|template|char_literal|heredoc/, at, before),
      emptyBody: emptyBodyAround(node, at),
      // A stop rule asks for the same lines with each piece of text, and filters for the same text one after the other.
      declarationEnd: oncePerText((text) => {
        const lines = text.trimEnd();
        return withTree(parser, whole(lines), (tree) => declarationEnd(tree, before, lines));
      }),
      written: oncePerText((text) =>
        withTree(parser, whole(text), (written) => writtenIn(written, whole(text), at, text.length)),
      ),
      errorsWith: oncePerText((text) => withTree(parser, whole(text), countErrors)),
    };
  });
}

/** What a function makes of a text, worked out when it is first asked for. */
function oncePerText<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    if (!made.has(text)) made.set(text, make(text));
    return made.get(text) as T;
  };
}

/** Reads a text's tree, which is freed then; undefined where the parser gives up. */
function withTree<T>(
  parser: ParserType,
  text: string,
  use: (tree: Tree) => T,
  maxChecks = MAX_CHECKS,
): T | undefined {
  const tree = parse(parser, text, maxChecks);
  if (!tree) return undefined;
  try {
    return use(tree);
  } finally {
    tree.delete();
  }
}

function parse(parser: ParserType, text: string, maxChecks: number): Tree | null {
  let checks = 0;
  const tree = parser.parse(text, null, { progressCallback: () => ++checks > maxChecks });
  if (!tree) parser.reset(); // else the next parse would resume this one
  return tree;
}

function* namesIn(
  parser: ParserType,
  languageId: string,
  text: string,
): Pieces<(Names & Disposable) | undefined> {
  const tree = yield* parseWhole(parser, text);
  if (!tree) return undefined;
  return { ...namesOf(tree.rootNode, languageId), [Symbol.dispose]: () => tree.delete() };
}

/** By a parser of its own: one that has stopped halfway can parse nothing else. */
function* parseWhole(shared: ParserType, text: string): Pieces<Tree | null> {
  const parser = new (shared.constructor as new () => ParserType)();
  try {
    parser.setLanguage(shared.language);
    for (let checks = 0; checks < MAX_WHOLE.checks; ) {
      let left = MAX_WHOLE.checksOfPiece;
      const tree = parser.parse(text, null, { progressCallback: () => --left < 0 });
      if (tree) return tree;
      checks += MAX_WHOLE.checksOfPiece;
      yield;
    }
    return null;
  } finally {
    parser.delete();
  }
}

function inside(node: Node, type: RegExp, at: number, before: string): boolean {
  for (let up: Node | null = node; up; up = up.parent) {
    if (/^(?:template_substitution|interpolation)$/.test(up.type)) return false;
    if (!type.test(up.type) || up.startIndex >= at) continue;
    // A line comment includes the end of its line; a block comment or a string does not include its end.
    const lineComment = /comment/.test(type.source) && !before.slice(up.startIndex, at).startsWith("/*");
    if (up.endIndex > at || (lineComment && up.endIndex === at)) return true;
  }
  return false;
}

/** In a string that is a statement of its own, as Python has its documentation. */
function inDocstring(node: Node, at: number): boolean {
  for (let up: Node | null = node; up; up = up.parent) {
    if (/^string$/.test(up.type) && up.startIndex < at && at < up.endIndex)
      return up.parent?.type === "expression_statement" || up.parent?.type === "module";
  }
  return false;
}

function emptyBodyAround(node: Node, at: number): boolean {
  for (let up: Node | null = node; up; up = up.parent) {
    if (!BODY.test(up.type)) continue;
    return up.startIndex < at && at <= up.endIndex && up.namedChildCount === 0;
  }
  return false;
}

const LEADING = /comment|decorator|attribute_item/;

/** Where the declaration ends that `lines`, without white space at their end, begin after `before`. */
function declarationEnd(tree: Tree, before: string, lines: string): number | undefined {
  const start = before.length + lines.search(/\S|$/);
  let declaration = declarationAt(tree.rootNode.descendantForIndex(start, start + 1));
  while (declaration && LEADING.test(declaration.type)) declaration = declaration.nextSibling;
  if (!declaration || declaration.hasError || declaration.startIndex >= before.length + lines.length)
    return undefined;
  const end = declaration.endIndex - before.length;
  const lastLine = lines.slice(lines.lastIndexOf("\n") + 1);
  if (end <= lines.length - lastLine.length) return lines.slice(0, end).trimEnd().length;
  const firstLine = before.slice(before.lastIndexOf("\n") + 1) + lines.split("\n", 1)[0];
  // An indented body may continue on the next line, and `def f():` is complete to the parser.
  const mayGoOn = lines.includes("\n") && indentation(lastLine) > indentation(firstLine);
  if (mayGoOn || /[:,({[]$/.test(lines)) return undefined;
  return /^[\s;,]*$/.test(lines.slice(end)) && end <= lines.length ? lines.length : undefined;
}

/** The member of a file or a class that contains a node. */
function declarationAt(node: Node | null): Node | null {
  for (let up = node; up?.parent; up = up.parent) {
    const { parent } = up;
    if (up.type === "ERROR" || parent.type === "ERROR") return null;
    if (parent.parent === null || isClassBody(parent)) return up;
    if (BODY.test(parent.type)) return null;
  }
  return null;
}

function isClassBody({ type, parent }: Node): boolean {
  if (type === "class_body" || type === "declaration_list") return true;
  return (
    /^(?:block|body_statement)$/.test(type) && /^(?:class|class_definition|module)$/.test(parent?.type ?? "")
  );
}
