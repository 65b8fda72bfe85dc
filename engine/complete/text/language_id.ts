import picomatch from "picomatch";
import builtIn from "./languages.json" with { type: "json" };

/** Which files have a language. As VS Code: whole names first, then patterns, then the ends of names, then the first line. */
interface LanguageFiles {
  readonly id: string;
  readonly names?: readonly string[];
  /** Globs, on the whole path where they have a slash. */
  readonly patterns?: readonly string[];
  readonly extensions?: readonly string[];
  readonly firstLine?: string;
}

// Not built in: what widely used extensions call their languages. Without them VS Code calls these files plain text.
const FROM_EXTENSIONS: readonly LanguageFiles[] = [
  { id: "ada", extensions: [".adb", ".ads"] },
  { id: "asciidoc", extensions: [".adoc", ".asciidoc"] },
  { id: "astro", extensions: [".astro"] },
  { id: "bazel", names: ["BUILD", "WORKSPACE"], extensions: [".bzl", ".bazel"] },
  { id: "bicep", extensions: [".bicep"] },
  { id: "cmake", names: ["CMakeLists.txt"], extensions: [".cmake"] },
  { id: "commonlisp", extensions: [".lisp", ".lsp"] },
  { id: "crystal", extensions: [".cr"] },
  { id: "cython", extensions: [".pyx", ".pxd"] },
  { id: "d", extensions: [".d", ".di"] },
  { id: "elixir", extensions: [".ex", ".exs"] },
  { id: "elm", extensions: [".elm"] },
  { id: "erlang", extensions: [".erl", ".hrl"] },
  { id: "FortranFreeForm", extensions: [".f90", ".f95", ".f03", ".f08"] },
  { id: "gdscript", extensions: [".gd"] },
  { id: "gleam", extensions: [".gleam"] },
  { id: "glsl", extensions: [".glsl", ".vert", ".frag", ".comp", ".geom"] },
  { id: "go.mod", names: ["go.mod"] },
  { id: "go.sum", names: ["go.sum"] },
  { id: "graphql", extensions: [".graphql", ".gql", ".graphqls"] },
  { id: "haskell", extensions: [".hs"] },
  { id: "hcl", extensions: [".hcl"] },
  { id: "jinja", extensions: [".j2", ".jinja", ".jinja2"] },
  { id: "kotlin", extensions: [".kt", ".kts"] },
  { id: "liquid", extensions: [".liquid"] },
  { id: "mdx", extensions: [".mdx"] },
  { id: "meson", names: ["meson.build", "meson_options.txt"] },
  { id: "mojo", extensions: [".mojo"] },
  { id: "nim", extensions: [".nim", ".nims"] },
  { id: "nix", extensions: [".nix"] },
  { id: "ocaml", extensions: [".ml", ".mli"] },
  { id: "odin", extensions: [".odin"] },
  { id: "pascal", extensions: [".pas", ".dpr"] },
  { id: "prisma", extensions: [".prisma"] },
  { id: "proto3", extensions: [".proto"] },
  { id: "purescript", extensions: [".purs"] },
  { id: "racket", extensions: [".rkt"] },
  { id: "scala", extensions: [".scala", ".sc", ".sbt"] },
  { id: "scheme", extensions: [".scm", ".ss"] },
  { id: "solidity", extensions: [".sol"] },
  { id: "svelte", extensions: [".svelte"] },
  { id: "systemverilog", extensions: [".sv", ".svh"] },
  { id: "tcl", extensions: [".tcl"] },
  { id: "terraform", extensions: [".tf"] },
  { id: "terraform-vars", extensions: [".tfvars"] },
  { id: "toml", names: ["Cargo.lock", "Pipfile", "poetry.lock", "uv.lock"], extensions: [".toml"] },
  { id: "twig", extensions: [".twig"] },
  { id: "typst", extensions: [".typ"] },
  { id: "verilog", extensions: [".v", ".vh"] },
  { id: "vhdl", extensions: [".vhd", ".vhdl"] },
  { id: "vue", extensions: [".vue"] },
  { id: "wgsl", extensions: [".wgsl"] },
  { id: "zig", extensions: [".zig", ".zon"] },
];

// The editor's own, which no extension contributes.
const PLAIN: LanguageFiles = { id: "plaintext", extensions: [".txt"] };

const FIRST_LINE = 1000; // characters that VS Code looks at

let table: ReturnType<typeof readTable> | undefined;

/** The language id that VS Code gives a file, from its path, or else from its first line. */
export function languageIdOf(path: string, text: string): string {
  table ??= readTable([PLAIN, ...builtIn.languages, ...FROM_EXTENSIONS]);
  const whole = path.replaceAll("\\", "/").toLowerCase();
  const name = whole.slice(whole.lastIndexOf("/") + 1);
  return (
    table.names.get(name) ??
    table.patterns.find(({ fits }) => fits(whole, name))?.id ??
    table.extensions.find(({ key }) => name.endsWith(key))?.id ??
    table.firstLines.findLast(({ begins }) => begins.test(firstLineOf(text)))?.id ??
    PLAIN.id
  );
}

/** In the order in which they are tried: the longest pattern wins, and so does the longest extension. */
function readTable(files: readonly LanguageFiles[]) {
  const keyed = (keysOf: (files: LanguageFiles) => readonly string[] | undefined) =>
    files
      .flatMap((one) => (keysOf(one) ?? []).map((key) => ({ key: key.toLowerCase(), id: one.id })))
      .sort((a, b) => b.key.length - a.key.length);
  return {
    names: new Map(keyed(({ names }) => names).map(({ key, id }) => [key, id])),
    patterns: keyed(({ patterns }) => patterns).map(({ key, id }) => {
      const matches = picomatch(key, { dot: true });
      return { id, fits: (whole: string, name: string) => matches(key.includes("/") ? whole : name) };
    }),
    extensions: keyed(({ extensions }) => extensions),
    firstLines: files.flatMap(({ id, firstLine }) =>
      firstLine
        ? [{ id, begins: new RegExp(firstLine.startsWith("^") ? firstLine : `^(?:${firstLine})`) }]
        : [],
    ),
  };
}

const firstLineOf = (text: string): string =>
  text
    .slice(0, FIRST_LINE)
    .replace(/^\uFEFF/, "")
    .split(/\r\n?|\n/, 1)[0]!;
