import type { Language, Node, Parser as ParserType } from "@vscode/tree-sitter-wasm";

/** What a parser knows of a place. */
export interface SyntaxFacts {
  readonly inComment: boolean;
  readonly inString: boolean;
  /** The cursor stands in the body of a function, class or statement that has nothing in it yet. */
  readonly emptyBody: boolean;
}

export interface Syntax {
  /** Undefined while the language's grammar is not there (it is being fetched) or does not exist: others decide then. */
  factsAt(languageId: string, before: string, after: string): SyntaxFacts | undefined;
}

type TreeSitter = typeof import("@vscode/tree-sitter-wasm");

export interface SyntaxLoader {
  /** The parser's own WebAssembly, `tree-sitter.wasm`, or a grammar's, such as `tree-sitter-typescript.wasm`. */
  readonly read: (file: string) => Promise<Uint8Array>;
  /** Told once for each language whose grammar does not load. */
  readonly onError: (message: string) => void;
}

/** Grammars by VS Code's language ids; the packages are those that VS Code itself uses. */
export const GRAMMARS: Readonly<Record<string, string>> = {
  typescript: "typescript",
  typescriptreact: "tsx",
  javascript: "javascript",
  javascriptreact: "javascript",
  python: "python",
  go: "go",
  rust: "rust",
  java: "java",
  cpp: "cpp",
  c: "cpp",
  csharp: "c-sharp",
  ruby: "ruby",
  php: "php",
  css: "css",
  shellscript: "bash",
};

// Characters each way: parsing these takes a millisecond, and a keystroke has five.
const BEFORE = 4096;
const AFTER = 1024;

const BODY =
  /^(?:statement_block|block|class_body|switch_body|compound_statement|declaration_list|field_declaration_list|object_type|interface_body|enum_body|body_statement|do_block)$/;

/** Parsers, one for each language, loaded when they are first asked for. */
export function createSyntax(loader: SyntaxLoader): Syntax {
  const parsers = new Map<string, ParserType | "loading" | "failed">();
  let library: Promise<TreeSitter> | undefined;

  async function load(name: string): Promise<void> {
    parsers.set(name, "loading");
    try {
      library ??= loadLibrary(loader);
      const treeSitter = await library;
      const language: Language = await treeSitter.Language.load(
        await loader.read(`tree-sitter-${name}.wasm`),
      );
      const parser = new treeSitter.Parser();
      parser.setLanguage(language);
      parsers.set(name, parser);
    } catch (error) {
      parsers.set(name, "failed");
      loader.onError(`The grammar for ${name} does not load (${(error as Error).message}).`);
    }
  }

  return {
    factsAt(languageId, before, after) {
      const name = GRAMMARS[languageId];
      if (name === undefined) return undefined;
      const parser = parsers.get(name);
      if (parser === undefined) void load(name);
      if (parser === undefined || typeof parser === "string") return undefined;
      return read(parser, clip(before), after.slice(0, AFTER));
    },
  };
}

async function loadLibrary(loader: SyntaxLoader): Promise<TreeSitter> {
  const wasmBinary = await loader.read("tree-sitter.wasm");
  const module = await import("@vscode/tree-sitter-wasm");
  // A CommonJS module: bundlers and Node differ in where they put its exports.
  const treeSitter = (module as { default?: TreeSitter }).default ?? module;
  const options: object = { wasmBinary }; // emscripten's; the package's types know another one
  await treeSitter.Parser.init(options as Parameters<typeof treeSitter.Parser.init>[0]);
  return treeSitter;
}

/** From a line start that is nobody's inside, as far as indentation tells. */
function clip(before: string): string {
  if (before.length <= BEFORE) return before;
  const window = before.slice(-BEFORE);
  const top = /\n(?=[^\s)\]}])/.exec(window);
  return top ? window.slice(top.index + 1) : window.slice(window.indexOf("\n") + 1);
}

function read(parser: ParserType, before: string, after: string): SyntaxFacts | undefined {
  const tree = parser.parse(before + after);
  if (!tree) return undefined;
  try {
    const at = before.length;
    // The character before the cursor tells what the cursor is in; at a comment's end it is still in it.
    const node = tree.rootNode.descendantForIndex(Math.max(0, at - 1), at);
    if (!node) return undefined;
    return {
      inComment: inside(node, /comment/, at, before),
      inString: inside(node, /string|template|char_literal|heredoc/, at, before),
      emptyBody: emptyBodyAround(node, at),
    };
  } finally {
    tree.delete();
  }
}

function inside(node: Node, type: RegExp, at: number, before: string): boolean {
  for (let up: Node | null = node; up; up = up.parent) {
    if (/^(?:template_substitution|interpolation)$/.test(up.type)) return false;
    if (!type.test(up.type) || up.startIndex >= at) continue;
    // A line comment goes on to the end of its line, a block comment and a string end where they end.
    const lineComment = /comment/.test(type.source) && !before.slice(up.startIndex, at).startsWith("/*");
    if (up.endIndex > at || (lineComment && up.endIndex === at)) return true;
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
