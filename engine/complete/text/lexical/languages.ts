import {
  BACKTICK,
  blockComment,
  C_COMMENT,
  CHARACTER,
  CPP_RAW,
  chosen,
  DASHES,
  DOCSTRINGS,
  DOLLAR_QUOTED,
  DOUBLE,
  doubled,
  HASH,
  HASH_AFTER_SPACE,
  HEREDOC,
  HEREDOC_IN_CAPITALS,
  LUA_COMMENT,
  LUA_LONG,
  lineComment,
  MARKUP_COMMENT,
  ML_COMMENT,
  NESTED_C_COMMENT,
  PERCENT,
  PHP_HEREDOC,
  quoted,
  REGEX,
  type Region,
  RUST_RAW,
  SEMICOLON,
  SINGLE,
  SLASHES,
  TEMPLATE,
  TRIPLE,
} from "./regions.ts";

/**
 * How a language is read without a parser: its comments and strings, which hold no brackets of code. The facts are those
 * of the languages and of the language configurations that VS Code ships.
 */
export interface Lexis {
  /** Of two that begin at the same place, the first counts. */
  readonly regions: readonly Region[];
  /** Text with tags: outside tags and braces a bracket or a quote is text. */
  readonly markup?: true;
  /** The parser reads almost any text without an error: that it does proves nothing. */
  readonly lenient?: true;
  /** Text, in which brackets and quotes are what they are to a reader. */
  readonly words?: true;
  /** Tags may be among code: JSX. */
  readonly elements?: true;
  /** Sections in another language. */
  readonly embedded?: readonly Embedded[];
  /** `List<String>`: angle brackets pair after a name. */
  readonly generics?: true;
  /** A statement ends with a semicolon, and nothing follows it on its line. */
  readonly semicolons?: true;
}

export interface Embedded {
  /** Sources of regular expressions, as in `Region`. */
  readonly open: string;
  readonly close: string;
  readonly languageId: string;
}

/** What a document's language id says; undefined for a language that is not known. */
export const lexisOf = (languageId: string): Lexis | undefined => LANGUAGES.get(languageId);

const reads = (...regions: Region[]): Lexis => ({ regions });
const withSemicolons = (...regions: Region[]): Lexis => ({ regions, semicolons: true });
const generic = (...regions: Region[]): Lexis => ({ regions, semicolons: true, generics: true });

const C = withSemicolons(SLASHES, C_COMMENT, CPP_RAW, DOUBLE, quoted("'", { open: "(?<![0-9a-fA-F])'" }));
const CPP: Lexis = { ...C, generics: true };
const JAVA = generic(SLASHES, C_COMMENT, TRIPLE, DOUBLE, SINGLE);
const JAVASCRIPT = withSemicolons(SLASHES, C_COMMENT, DOUBLE, SINGLE, TEMPLATE, REGEX);
const TYPESCRIPT: Lexis = { ...JAVASCRIPT, generics: true };
const KOTLIN: Lexis = {
  regions: [
    SLASHES,
    NESTED_C_COMMENT,
    { ...TRIPLE, hole: String.raw`\$\{` },
    { ...DOUBLE, hole: String.raw`\$\{` },
    CHARACTER,
  ],
  generics: true,
};
const SWIFT: Lexis = {
  regions: [
    SLASHES,
    NESTED_C_COMMENT,
    { ...TRIPLE, skip: String.raw`\\[^(]`, hole: String.raw`\\\(` },
    { ...DOUBLE, skip: String.raw`\\[^(]`, hole: String.raw`\\\(` },
  ],
  generics: true,
};
const CSHARP = generic(
  SLASHES,
  C_COMMENT,
  TRIPLE,
  doubled('"', { open: String.raw`(?:@\$?|\$@)"`, lines: true }),
  DOUBLE,
  SINGLE,
);
const DART = generic(SLASHES, NESTED_C_COMMENT, TRIPLE, quoted("'''", { lines: true }), DOUBLE, SINGLE);
const GROOVY: Lexis = {
  regions: [SLASHES, C_COMMENT, TRIPLE, quoted("'''", { lines: true }), DOUBLE, SINGLE],
  generics: true,
};
const SCALA: Lexis = { regions: [SLASHES, NESTED_C_COMMENT, TRIPLE, DOUBLE, CHARACTER] };
const CSS: Lexis = { ...withSemicolons(C_COMMENT, DOUBLE, SINGLE), lenient: true };
const SASS = withSemicolons(lineComment("(?<!:)//"), C_COMMENT, DOUBLE, SINGLE);
const PYTHON = reads(HASH, ...DOCSTRINGS, TRIPLE, quoted("'''", { lines: true }), DOUBLE, SINGLE);
const SHELL: Lexis = {
  lenient: true,
  regions: [
    HASH_AFTER_SPACE,
    HEREDOC,
    quoted("'", { open: String.raw`\$'`, lines: true }),
    quoted("'", { open: String.raw`(?<!\\)'`, skip: "[]", lines: true }),
    quoted('"', { open: String.raw`(?<!\\)"`, lines: true, hole: String.raw`\$[({]` }),
  ],
};
const RUBY = reads(
  HASH,
  { kind: "comment", open: "^=begin", close: "^=end", lines: true },
  HEREDOC_IN_CAPITALS,
  quoted('"', { lines: true, hole: String.raw`#\{` }),
  quoted("'", { open: String.raw`(?<!\$)'`, lines: true }),
  quoted("`", { lines: true, hole: String.raw`#\{` }),
  chosen(`%[qQwWiIrsx]?[([{<|!](?!=)`),
  REGEX,
);
const PERL = reads(
  HASH_AFTER_SPACE,
  { kind: "comment", open: String.raw`^=[a-z]\w*`, close: "^=cut", lines: true },
  HEREDOC_IN_CAPITALS,
  quoted('"', { lines: true }),
  quoted("'", { open: String.raw`(?<!\$)'`, lines: true }),
  chosen(String.raw`(?<![\w$@%&>{-])(?:q[qwrx]?|m)[ ]?[([{<|!/#]`),
  REGEX,
);
const SQL: Lexis = {
  // MySQL's `#` has a space behind it here: `#name` is a table of T-SQL.
  regions: [
    DASHES,
    lineComment(String.raw`^[ \t]*#(?=\s)`),
    C_COMMENT,
    DOLLAR_QUOTED,
    doubled("'", { lines: true }),
    doubled('"'),
    quoted("`"),
  ],
  semicolons: true,
};
const LISP = reads(
  SEMICOLON,
  blockComment("#|", "|#", "nests"),
  quoted('"', {
    kind: "docs",
    open: String.raw`(?<=\((?:def\w*\*?-?|ns)\s+[^\s()]+\s+(?:\([^()]*\)\s+)?)"`,
    lines: true,
  }),
  quoted('"', { open: String.raw`(?<!\\)"`, lines: true }),
);
const HASKELL = reads(
  lineComment(String.raw`(?<![!#$%&*+./<=>?@\\^|~:-])--+(?![!#$%&*+./<=>?@\\^|~:-])`),
  blockComment("{-", "-}", "nests"),
  DOUBLE,
  CHARACTER,
);
const OCAML = reads(ML_COMMENT, quoted('"', { lines: true }), CHARACTER);
const FSHARP = reads(SLASHES, ML_COMMENT, TRIPLE, quoted('"', { lines: true }), CHARACTER);
const PASCAL = withSemicolons(SLASHES, blockComment("{", "}"), blockComment("(*", "*)"), doubled("'"));
const LATEX = reads(PERCENT, {
  kind: "comment",
  open: String.raw`\\begin\{comment\}`,
  close: String.raw`\\end\{comment\}`,
  lines: true,
});
const BASIC = reads(lineComment(String.raw`'|\b[Rr](?:EM|em)\b`), doubled('"'));
const HASH_AND_QUOTES = reads(HASH, DOUBLE, SINGLE);
const PERCENT_AND_QUOTES = reads(PERCENT, DOUBLE, SINGLE);
const hereString = (quote: string): Region => ({
  kind: "string",
  open: `@${quote}[ \\t]*\\n`,
  close: `^${quote}@`,
  lines: true,
});
const POWERSHELL = reads(
  blockComment("<#", "#>"),
  HASH_AFTER_SPACE,
  hereString('"'),
  hereString("'"),
  { ...quoted('"', { lines: true }), skip: '`[\\s\\S]|""' },
  doubled("'", { lines: true }),
);
const ELIXIR = reads(
  HASH,
  quoted('"""', { kind: "docs", open: String.raw`@(?:module|type)?doc\s+(?:~[sS])?"""`, lines: true }),
  quoted('"', { kind: "docs", open: String.raw`@(?:module|type)?doc\s+"` }),
  TRIPLE,
  quoted('"', { lines: true, hole: String.raw`#\{` }),
  SINGLE,
  chosen(`~[a-zA-Z]+[([{<|/"']`),
);
const JULIA = reads(
  blockComment("#=", "=#", "nests"),
  HASH,
  DOCSTRINGS[0]!,
  TRIPLE,
  quoted('"', { lines: true }),
  CHARACTER,
  BACKTICK,
);

const TAG_STRINGS = [doubled('"', { skip: "[]", lines: true }), doubled("'", { skip: "[]", lines: true })];
const SCRIPTS: readonly Embedded[] = [
  { open: String.raw`<script\b[^>]*\blang=["']tsx?["'][^>]*>`, close: "</script", languageId: "typescript" },
  { open: String.raw`<script\b[^>]*(?<!/)>`, close: "</script", languageId: "javascript" },
  {
    open: String.raw`<style\b[^>]*\blang=["'](?:scss|sass|less|stylus)["'][^>]*>`,
    close: "</style",
    languageId: "scss",
  },
  { open: String.raw`<style\b[^>]*(?<!/)>`, close: "</style", languageId: "css" },
];
const markup = (comments: readonly Region[], ...embedded: readonly Embedded[]): Lexis => ({
  regions: [...comments, ...TAG_STRINGS],
  markup: true,
  embedded,
});
const TEMPLATE_COMMENTS = [
  MARKUP_COMMENT,
  blockComment("{#", "#}"),
  { ...blockComment("{{!--", "--}}") },
  blockComment("{{!", "}}"),
  {
    kind: "comment",
    open: String.raw`\{%-?\s*comment\b`,
    close: String.raw`\{%-?\s*endcomment\b`,
    lines: true,
  },
  blockComment("<%--", "--%>"),
  blockComment("<%#", "%>"),
  blockComment("@*", "*@"),
] satisfies Region[];
const HTML = markup([MARKUP_COMMENT], ...SCRIPTS);
const TEMPLATES = markup(TEMPLATE_COMMENTS, ...SCRIPTS);
const PHP_CODE = withSemicolons(
  SLASHES,
  lineComment(String.raw`#(?!\[)`),
  C_COMMENT,
  PHP_HEREDOC,
  quoted('"', { lines: true, hole: String.raw`\{(?=\$)` }),
  quoted("'", { lines: true }),
);
const PHP: Lexis = {
  ...markup(
    [MARKUP_COMMENT],
    { open: String.raw`<\?(?:php\b|=)?`, close: String.raw`\?>`, languageId: "php-code" },
    ...SCRIPTS,
  ),
};
const MARKDOWN: Lexis = {
  words: true,
  regions: [
    MARKUP_COMMENT,
    {
      kind: "string",
      open: "^[ \\t]*(?:```+|~~~+)[^\n]*",
      close: (opened) => `^[ \\t]*${opened.trim().slice(0, 3)}`,
      lines: true,
    },
    { ...quoted("`"), skip: "[]" },
  ],
};
const JSON_WITH_COMMENTS = reads(SLASHES, C_COMMENT, DOUBLE);

const BY_LEXIS: readonly (readonly [lexis: Lexis, languageIds: string])[] = [
  [C, "c cuda-cpp hlsl glsl wgsl metal shaderlab opencl arduino verilog systemverilog solidity"],
  [{ ...C, regions: [HASH, ...C.regions] }, "thrift"],
  [CPP, "cpp objective-c objective-cpp cpp_embedded_latex"],
  [JAVA, "java apex haxe vala"],
  [generic(SLASHES, C_COMMENT, DOUBLE, CHARACTER, BACKTICK), "go v"],
  [generic(SLASHES, NESTED_C_COMMENT, RUST_RAW, quoted('"', { lines: true }), CHARACTER), "rust"],
  [reads(SLASHES, DOUBLE, CHARACTER), "zig go.mod"],
  [reads(SLASHES, NESTED_C_COMMENT, DOUBLE, CHARACTER, BACKTICK), "odin typst"],
  [
    withSemicolons(
      SLASHES,
      C_COMMENT,
      blockComment("/+", "+/", "nests"),
      DOUBLE,
      CHARACTER,
      quoted("`", { skip: "[]", lines: true }),
    ),
    "d",
  ],
  [JAVASCRIPT, "qml actionscript"],
  [{ ...JAVASCRIPT, elements: true }, "javascript javascriptreact"],
  [TYPESCRIPT, "typescript"],
  [{ ...TYPESCRIPT, elements: true }, "typescriptreact"],
  [KOTLIN, "kotlin"],
  [SWIFT, "swift"],
  [CSHARP, "csharp"],
  [DART, "dart"],
  [GROOVY, "groovy gradle nextflow"],
  [SCALA, "scala chisel"],
  [withSemicolons(SLASHES, C_COMMENT, DOUBLE, SINGLE), "proto proto3 prisma bicep"],
  [CSS, "css"],
  [SASS, "scss less sass stylus postcss tailwindcss"],
  [PYTHON, "python starlark bazel snakemake cython mojo"],
  [
    reads(
      blockComment("###", "###"),
      HASH,
      TRIPLE,
      quoted("'''", { lines: true }),
      { ...DOUBLE, hole: String.raw`#\{` },
      SINGLE,
      REGEX,
    ),
    "coffeescript",
  ],
  [SHELL, "shellscript bats"],
  [reads(lineComment("^[ \\t]*#"), quoted('"', { lines: true }), SINGLE), "fish"],
  [POWERSHELL, "powershell"],
  [reads(lineComment(String.raw`^[ \t]*@?(?:[Rr][Ee][Mm]\b|::)`), DOUBLE), "bat"],
  [RUBY, "ruby crystal"],
  [PERL, "perl perl6 raku"],
  [SQL, "sql plsql pgsql mysql sqlite mssql tsql hql cql"],
  [LISP, "clojure lisp commonlisp scheme racket emacs-lisp elisp hy fennel janet"],
  [reads(lineComment(";;"), blockComment("(;", ";)", "nests"), DOUBLE), "wat"],
  [HASKELL, "haskell purescript elm idris agda"],
  [OCAML, "ocaml reason coq sml standardml"],
  [reads(SLASHES, C_COMMENT, DOUBLE, CHARACTER), "rescript gleam cue"],
  [FSHARP, "fsharp"],
  [PASCAL, "pascal objectpascal delphi"],
  [LATEX, "latex tex bibtex-style doctex"],
  [reads(lineComment("^[ \\t]*%"), quoted('"', { lines: true })), "bibtex"],
  [BASIC, "vb vba vbs vbscript freebasic"],
  [reads(DASHES, DOUBLE, CHARACTER), "ada vhdl eiffel"],
  [reads(LUA_COMMENT, DASHES, LUA_LONG, DOUBLE, SINGLE), "lua luau teal"],
  [reads(DASHES, blockComment("(*", "*)", "nests"), HASH, quoted('"')), "applescript"],
  [PERCENT_AND_QUOTES, "erlang prolog mercury"],
  [
    reads(
      blockComment("%{", "%}"),
      PERCENT,
      HASH_AFTER_SPACE,
      doubled('"'),
      doubled("'", { open: String.raw`(?<![\w)\]}.'])'` }),
    ),
    "matlab octave",
  ],
  [ELIXIR, "elixir phoenix-heex"],
  [JULIA, "julia"],
  [reads(HASH, quoted('"', { lines: true }), quoted("'", { lines: true }), quoted("`")), "r rmd-r"],
  [reads(blockComment("#[", "]#", "nests"), HASH, TRIPLE, DOUBLE, CHARACTER), "nim nimble"],
  [
    reads(
      HASH,
      C_COMMENT,
      quoted("''", { lines: true, hole: String.raw`\$\{` }),
      quoted('"', { lines: true, hole: String.raw`\$\{` }),
    ),
    "nix",
  ],
  [
    reads(HASH, SLASHES, C_COMMENT, HEREDOC_IN_CAPITALS, quoted('"', { hole: String.raw`[$%]\{` })),
    "terraform terraform-vars hcl packer nomad",
  ],
  [reads(HASH, quoted('"""', { kind: "docs", lines: true }), DOUBLE), "graphql"],
  [
    reads(HASH_AFTER_SPACE, DOUBLE, doubled("'")),
    "yaml dockercompose github-actions-workflow helm azure-pipelines ansible home-assistant",
  ],
  [reads(HASH, TRIPLE, quoted("'''", { skip: "[]", lines: true }), DOUBLE, doubled("'")), "toml"],
  [
    reads(lineComment("^[ \\t]*[;#]"), lineComment(String.raw`(?<=\s)[;#]`), DOUBLE),
    "ini editorconfig systemd-unit-file",
  ],
  [
    reads(lineComment("^[ \\t]*[#!]"), quoted('"')),
    "properties java-properties spring-boot-properties git-config",
  ],
  [reads(HASH_AFTER_SPACE, quoted('"', { lines: true }), quoted("'", { lines: true })), "dotenv"],
  [reads(lineComment("^[ \\t]*#"), DOUBLE, SINGLE), "dockerfile"],
  [reads(lineComment("^#")), "ignore gitignore gitattributes git-commit git-rebase diff"],
  [reads(lineComment(String.raw`(?<!\\)#`), DOUBLE, SINGLE), "makefile meson just"],
  [reads(blockComment("#[[", "]]"), HASH, quoted('"', { lines: true })), "cmake"],
  [HASH_AND_QUOTES, "tcl awk gnuplot puppet gdscript nginx apacheconf ssh_config robotframework jq nushell"],
  [reads(lineComment("^[ \\t]*#"), quoted('"""', { lines: true })), "feature cucumber gherkin"],
  [reads(lineComment(String.raw`^[ \t:]*"|(?<=\s)"(?=[^"\n]*$)`), DOUBLE, doubled("'")), "viml vim"],
  [
    reads(lineComment("!"), doubled('"'), doubled("'")),
    "fortran fortran-modern FortranFreeForm fortran_fixed-form",
  ],
  [reads(lineComment(String.raw`^.{6}[*\/]|\*>`), doubled('"'), doubled("'")), "cobol"],
  [
    reads(SEMICOLON, lineComment("//"), C_COMMENT, DOUBLE, SINGLE),
    "asm nasm masm asm-intel-x86-generic gas arm llvm",
  ],
  [reads(quoted('"', { kind: "comment", lines: true }), doubled("'", { lines: true })), "smalltalk"],
  [reads(SEMICOLON, blockComment("#cs", "#ce"), doubled('"'), doubled("'")), "autohotkey ahk autoit"],
  [JSON_WITH_COMMENTS, "json jsonc jsonl json5 snippets code-snippets"],
  [HTML, "html vue-html xhtml"],
  [{ ...HTML, embedded: [...SCRIPTS] }, "vue svelte"],
  [
    { ...HTML, embedded: [{ open: "^---$", close: "^---$", languageId: "typescript" }, ...SCRIPTS] },
    "astro mdx",
  ],
  [markup([MARKUP_COMMENT]), "xml xsl xaml svg dtd plist"],
  [
    TEMPLATES,
    "handlebars mustache jinja jinja-html django-html twig liquid nunjucks razor aspnetcorerazor erb ejs jsp html-eex blade",
  ],
  [PHP, "php"],
  [PHP_CODE, "php-code"],
  [reads(lineComment(String.raw`^[ \t]*\/\/-?`), DOUBLE, SINGLE), "jade pug"],
  [reads(lineComment(String.raw`^[ \t]*(?:-#|\/)`), DOUBLE, SINGLE), "haml slim"],
  [MARKDOWN, "markdown prompt instructions chatagent skill markdown_latex_combined juliamarkdown quarto rmd"],
  [
    reads(
      lineComment(String.raw`^[ \t]*\.\.(?=[ \t]|$)(?![ \t]+(?:[^\s:]+::|_|\[|\|))`),
      doubled("``", { open: "``", close: "``" }),
    ),
    "restructuredtext",
  ],
  [
    reads(lineComment(String.raw`^\/\/`), { kind: "comment", open: "^////+", close: "^////+", lines: true }),
    "asciidoc",
  ],
  [{ regions: [], words: true }, "plaintext log search-result csv tsv scminput go.sum"],
];

const LANGUAGES: ReadonlyMap<string, Lexis> = new Map(
  BY_LEXIS.flatMap(([lexis, languageIds]) => languageIds.split(" ").map((id) => [id, lexis] as const)),
);
