import { exactly } from "../exactly.ts";

/** A stretch of text in which brackets mean nothing: a comment, a string, documentation. */
export interface Region {
  /** `docs` is a string in which people write about the code: a docstring. */
  readonly kind: "comment" | "string" | "docs";
  /** What opens it: the source of a regular expression without groups; `^` is a line's start. */
  readonly open: string;
  /** What closes it, as a regular expression's source; a function of the text that has opened it. */
  readonly close: string | ((opened: string) => string);
  /** What may look like the close and is none: escapes. */
  readonly skip?: string;
  /** It may contain line breaks. Without that, a string that its line does not close is none: an apostrophe. */
  readonly lines?: true;
  /** What opens it counts inside too. */
  readonly nests?: true;
  /** What opens a piece of code inside, up to its `}`. */
  readonly hole?: string;
}

const ESCAPE = String.raw`\\[\s\S]`;

/** A regular expression's source for a text as it is. */

/** Comments up to the line's end: the line break itself is outside. */
export const lineComment = (open: string): Region => ({ kind: "comment", open, close: "$" });

export const blockComment = (open: string, close: string, nests?: "nests"): Region => ({
  kind: "comment",
  open: exactly(open),
  close: exactly(close),
  lines: true,
  ...(nests && { nests: true }),
});

/** A string that the same quote closes, with backslashes as escapes. */
export const quoted = (quote: string, more: Partial<Region> = {}): Region => ({
  kind: "string",
  open: exactly(quote),
  close: exactly(quote),
  skip: ESCAPE,
  ...more,
});

/** A string without escapes, where a doubled quote is a quote. */
export const doubled = (quote: string, more: Partial<Region> = {}): Region => ({
  ...quoted(quote, more),
  skip: quote + quote,
});

/** A string whose close depends on what has opened it. */
const raw = (open: string, close: (opened: string) => string): Region => ({
  kind: "string",
  open,
  close,
  lines: true,
});

/** One character in quotes. Lifetimes (`&'a str`), primes (`x'`) and quotes (`'(1 2)`) begin with the same mark. */
export const CHARACTER = quoted("'", {
  open: String.raw`(?<![\w'])'(?=(?:\\[^\n]{1,10}?|[^\\'\n]{1,2})')`,
});

export const SLASHES = lineComment("//");
export const HASH = lineComment("#");
/** Where a `#` may be part of a word: shell, YAML. */
export const HASH_AFTER_SPACE = lineComment(String.raw`(?<![^\s;&|()])#`);
export const DASHES = lineComment("--");
export const SEMICOLON = lineComment(";");
export const PERCENT = lineComment(String.raw`(?<!\\)%`);
export const C_COMMENT = blockComment("/*", "*/");
export const NESTED_C_COMMENT = blockComment("/*", "*/", "nests");
export const ML_COMMENT = blockComment("(*", "*)", "nests");
export const MARKUP_COMMENT = blockComment("<!--", "-->");

export const DOUBLE = quoted('"');
export const SINGLE = quoted("'");
export const BACKTICK = quoted("`", { lines: true });
export const TEMPLATE = quoted("`", { lines: true, hole: String.raw`\$\{` });
export const TRIPLE = quoted('"""', { lines: true });

/** A string of three quotes that is a statement of its own. */
const docs = (quotes: string): Region =>
  quoted(quotes, { kind: "docs", open: String.raw`^[ \t]*[rRuU]?${quotes}`, lines: true });
export const DOCSTRINGS = [docs('"""'), docs("'''")];

/** After an operator or a keyword a slash begins a regular expression; after a value it divides, and `</a>` and `{b} />` are tags. */
export const REGEX: Region = {
  kind: "string",
  open: String.raw`(?<=(?:^|[(,=:[!&|?{};~+\-*%<>]|\b(?:return|typeof|case|in|of|void|do|else|if|unless|when|while|and|or|not|split|grep))[ \t]*)\/(?![/*])(?<!<\/|\}[ \t]*\/(?=>))`,
  close: String.raw`\/[a-z]*`,
  skip: String.raw`\\.|\[(?:\\.|[^\]\\\n])*\]`,
};

/** The text up to a line that has only the word which the opening names. */
const heredoc = (open: string): Region =>
  raw(String.raw`${open}[^\n]*(?:\n|$)`, (opened) => `^[ \\t]*${/[A-Za-z_]\w*/.exec(opened)?.[0] ?? "$"}\\b`);
const WORD = String.raw`(?:\\?[A-Za-z_]\w*|'[^'\n]+'|"[^"\n]+")`;
/** The shell's; `<<<` is followed by a word, and no lines. */
export const HEREDOC = heredoc(String.raw`(?<!<)<<[-~]?[ \t]*${WORD}`);
/** Of Ruby, Perl and Terraform, where `a << b` shifts or appends. */
export const HEREDOC_IN_CAPITALS = heredoc(String.raw`<<[-~]?(?:[A-Z_][A-Z0-9_]*\b|'[^'\n]+'|"[^"\n]+")`);
export const PHP_HEREDOC = heredoc(String.raw`<<<[ \t]*${WORD}`);

const CLOSER: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };

/** What closes a string that the user's own choice of mark has opened: `%w[`, `q{`, `qw(`. */
export const chosen = (open: string): Region => ({
  kind: "string",
  open,
  close: (opened) => exactly(CLOSER[opened.at(-1)!] ?? opened.at(-1)!),
  skip: ESCAPE,
  lines: true,
});

/** Rust's `r#"…"#`, C++'s `R"x(…)x"`, Lua's `[==[…]==]`, Postgres's `$x$…$x$`. */
export const RUST_RAW = raw(String.raw`\bb?r#*"`, (opened) => `"${"#".repeat(opened.split("#").length - 1)}`);
export const CPP_RAW = raw(
  String.raw`\b(?:u8|[uUL])?R"[^()\\\s"]{0,16}\(`,
  (opened) => `\\)${exactly(opened.slice(opened.indexOf('"') + 1, -1))}"`,
);
export const LUA_LONG = raw(String.raw`\[=*\[`, (opened) => `\\]${"=".repeat(opened.length - 2)}\\]`);
export const LUA_COMMENT: Region = {
  kind: "comment",
  open: String.raw`--\[=*\[`,
  close: (opened) => `\\]${"=".repeat(opened.length - 4)}\\]`,
  lines: true,
};
export const DOLLAR_QUOTED = raw(String.raw`\$\w*\$`, exactly);
