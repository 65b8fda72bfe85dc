import { describe, expect, test } from "vitest";
import { lexisOf, scan } from "../../../engine/complete/text/index.ts";
import builtIn from "../../../engine/complete/text/languages.json" with { type: "json" };

/** What is open at `█`, outermost first: brackets, `tag`, and the kinds of regions. */
function openAt(languageId: string, marked: string): string {
  const to = marked.indexOf("█");
  const { open } = scan(lexisOf(languageId)!, marked.replace("█", ""), { to });
  const names = open.map((frame) =>
    frame.kind === "bracket" ? frame.open : frame.kind === "region" ? frame.region.kind : frame.kind,
  );
  return names.join(" ");
}

const cases: readonly (readonly [languageId: string, marked: string, open: string])[] = [
  ["rust", "fn f<'a>(x: &'a str, y: █) {", "("],
  ["rust", "let a = 'x'; g(b█)", "("],
  ["rust", 'let a = r#"a " b█ "#;', "string"],
  ["rust", "/* a /* b */ c █ */", "comment"],
  ["go", "x := '\\n' + f(█)", "("],
  ["go", 'x := `a " b█`', "string"],
  ["java", "f(a /* :) */, █b)", "("],
  ["java", "List<Map<String, █> xs", "< <"],
  ["java", "if (a < b && c > █d)", "("],
  ["typescript", "const a: Map<string, number█> = x", "<"],
  ["javascript", "if (/\\)/.test(a█))", "( ("],
  ["javascript", "x = a / b / (c█)", "("],
  ["javascript", "a.replace(/[/)]/g, █)", "("],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the case
  ["javascript", "`a ${ f(b█) }`", "string { ("],
  ["c", "// don't (█", "comment"],
  ["c", "int x = 1'000'000; f(█)", "("],
  ["cpp", 'auto a = R"x(a ")" b█)x";', "string"],
  ["csharp", 'var a = @"c:\\"; f(█)', "("],
  ["python", "x = 'don' + \"it's█\"", "string"],
  ["python", 'def f():\n    """Adds █"""', "docs"],
  ["python", 'x = """Adds █"""', "string"],
  ["python", "x = 1  # a (█", "comment"],
  ["shellscript", 'echo "$(ls █)" # foo', "string ("],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  ["shellscript", "echo ${#x█}", "{"],
  ["shellscript", "a=b#c█", ""],
  ["shellscript", "cat <<EOF\nit's (█\nEOF\n", "string"],
  ["shellscript", 'read -r a <<<"$b"\nf(█', "("],
  ["ruby", "a = $'\nf(█", "("],
  ["ruby", "a << b\nf(█", "("],
  ["ruby", "a = <<~SQL\nit's (\nSQL\nf(█", "("],
  ["php", "<?php\n$a = <<<EOT\nit's (█\nEOT;\n", "embedded string"],
  ["yaml", "a: b#c█", ""],
  ["yaml", "a: b # c█", "comment"],
  ["lua", "--[[ a ( b █ ]]", "comment"],
  ["lua", "x = [==[ a ]] b█ ]==]", "string"],
  ["elixir", '@doc """\na █\n"""', "docs"],
  ["haskell", "f x' = y' ++ g (█'a')", "("],
  ["haskell", "{- a -- b -} x --> y █", ""],
  ["ocaml", "(* a (* b *) c █ *)", "comment"],
  ["clojure", '(defn f "Adds █" [x] x)', "( docs"],
  ["clojure", "'(1 2 █)", "("],
  ["sql", "select 'a''b (', f(█)", "("],
  ["latex", "50\\% of (█", "("],
  ["latex", "a % b █", "comment"],
  ["powershell", "<# a █ #>", "comment"],
  ["ruby", "x = %w[a b █]", "string"],
  ["ruby", "=begin\na █\n=end\n", "comment"],
  ["perl", "$x =~ m{a(b}; f(█)", "("],
  ["kotlin", '"' + "$" + '{f(█)}"', "string { ("],
  ["swift", '"\\(f(█))"', "string ( ("],
  ["bat", "@REM a █", "comment"],
  ["bat", "echo remark █", ""],
  ["vb", "x = 1 ' a █", "comment"],
  ["fortran", "x = 1 ! a █", "comment"],
  ["makefile", "a: b # c █", "comment"],
  ["dockerfile", "RUN a # b █", ""],
  ["ini", "; a █", "comment"],
  ["html", "<div█></div>", "tag"],
  ["html", '<a href="b█">', "tag string"],
  ["html", '<script src="█"></script>', "tag string"],
  ["html", "<p>don't :) █</p>", ""],
  ["html", "<p><!-- a █ --></p>", "comment"],
  ["html", "<script>\nlet a = '</b>'; // b █\n</script>", "embedded comment"],
  ["html", "<script>a(</script>\n<style>\n/* a █ */</style>", "embedded comment"],
  ["vue", "<p>{{ f(█) }}</p>", "{ { ("],
  ["php", "<p>don't</p><?php\n# a █", "embedded comment"],
  ["php", "<?php\n#[Test█]", "embedded ["],
  ["jinja", "{# a █ #}", "comment"],
];

describe("without a parser, lexical rules tell what is open", () => {
  for (const [languageId, marked, open] of cases)
    test(`${languageId}: ${JSON.stringify(marked)}`, () => expect(openAt(languageId, marked)).toBe(open));
});

test("closers that nothing opened, and those that close what was open before", () => {
  const lexis = lexisOf("java")!;
  const text = 'f(g(a /* ) */, ")"));]';
  expect(scan(lexis, text).surplus).toEqual([text.length - 1]);
  const { open } = scan(lexis, text, { to: 4 });
  expect(scan(lexis, text, { from: 4, open }).closed.map(({ at }) => text[at])).toEqual([")", ")"]);
});

test("a scan in pieces gives what one scan gives", () => {
  for (const [languageId, marked] of cases) {
    const lexis = lexisOf(languageId)!;
    const text = marked.replace("█", "");
    const whole = scan(lexis, text).open.map(({ kind, at }) => [kind, at]);
    const lineStart = text.lastIndexOf("\n") + 1;
    const { open } = scan(lexis, text, { to: lineStart });
    const rest = scan(lexis, text, { from: lineStart, open });
    expect(
      rest.open.map(({ kind, at }) => [kind, at]),
      marked,
    ).toEqual(whole);
  }
});

test("quotes that are not closed on a long line are looked at once, and what follows is read as before", () => {
  const escaped = 'b \\"c\\" '.repeat(20_000); // some seconds where each is looked at
  for (const languageId of ["typescript", "python", "java"]) {
    const lexis = lexisOf(languageId)!;
    const text = `x = "a ${escaped}\ny = "z"\n(`;
    const { regions, open } = scan(lexis, text);
    expect(regions.map(({ start, end }) => text.slice(start, end))).toEqual(['"z"']);
    expect(open.map(({ at }) => text[at])).toEqual(["("]);
  }
});

test("each language that VS Code knows without extensions has its rules", () => {
  expect(builtIn.languages.map(({ id }) => id).filter((id) => !lexisOf(id))).toEqual([]);
});
