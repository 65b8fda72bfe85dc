// The extension's bundle, with each of its functions telling when the first of them is entered and the last one returns.
import { transform } from "esbuild";
import ts from "typescript";

/** What stands before the bundle: a counter of calls that are open, so that only the outermost one looks at the clock. */
const prologue = (clock: string): string => `const foretypeClock = require(${JSON.stringify(clock)});
let foretypeCalls = 0;
const foretypeIn = (number) => { if (foretypeCalls++ === 0) foretypeClock.begin(number); };
const foretypeOut = () => { if (--foretypeCalls === 0) foretypeClock.end(); };
foretypeIn(0);
`;

// As esbuild's own helper, but for the name: each step of an async function counts as a call of it.
const ASYNC = `(self, args, generator, number) => new Promise((resolve, reject) => {
  let steps;
  const step = (how, value) => {
    foretypeIn(number);
    try {
      const { done, value: next } = steps[how](value);
      if (done) resolve(next);
      else Promise.resolve(next).then((one) => step("next", one), (error) => step("throw", error));
    } catch (error) {
      reject(error);
    } finally {
      foretypeOut();
    }
  };
  steps = generator.apply(self, args);
  step("next");
})`;

/**
 * A CommonJS bundle that tells `clock` (the path of clock.cjs) when its code is entered from outside and when it has returned,
 * by whatever way: its own calls among each other are not told. An await leaves the code, and what follows it enters it again.
 */
export async function measuredCalls(bundle: string, clock: string): Promise<string> {
  // An await is no call: as generators, async functions are continued by one.
  const supported = { "async-await": false, "async-generator": false, "for-await": false };
  const { code } = await transform(bundle, { format: "cjs", supported, target: "node20" });
  const source = ts.createSourceFile("bundle.js", code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const names = ["the bundle is loaded"];
  const inserts: { readonly at: number; readonly text: string; readonly until?: number }[] = [];
  const number = (name: string, node: ts.Node): number => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    return names.push(`${name || "a function"}, line ${line + 1}`) - 1;
  };

  function visit(node: ts.Node, name: string): void {
    const own = nameOf(node, source) ?? name;
    if (isHelper(node)) {
      inserts.push({ at: node.initializer!.getStart(source), until: node.initializer!.end, text: ASYNC });
      return;
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "__async")
      inserts.push({ at: node.end - 1, text: `, ${number(own, node)}` });
    // A generator is entered by calls of `next`, which are in functions.
    if (ts.isFunctionLike(node) && "body" in node && node.body && !isGenerator(node))
      wrap(node.body as ts.ConciseBody, number(own, node));
    ts.forEachChild(node, (child) => visit(child, own));
  }

  function wrap(body: ts.ConciseBody, id: number): void {
    const enter = `foretypeIn(${id});try{`;
    const leave = "}finally{foretypeOut()}";
    if (!ts.isBlock(body)) {
      inserts.push({ at: body.getStart(source), text: `{${enter}return (` });
      inserts.push({ at: body.end, text: `)${leave}}` });
      return;
    }
    const directives = body.statements.filter(isDirective);
    inserts.push({ at: directives.at(-1)?.end ?? body.getStart(source) + 1, text: enter });
    inserts.push({ at: body.end - 1, text: leave });
  }

  visit(source, "");
  return `${prologue(clock)}foretypeClock.name(${JSON.stringify(names)});
${withInserts(code, inserts)}
foretypeOut();
`;
}

/** Inserts at the same place stand in their order; one with `until` replaces what is there. */
function withInserts(
  code: string,
  inserts: readonly { readonly at: number; readonly text: string; readonly until?: number }[],
): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { at, text, until = at } of inserts.toSorted((a, b) => a.at - b.at)) {
    pieces.push(code.slice(done, at), text);
    done = until;
  }
  return [...pieces, code.slice(done)].join("");
}

const isHelper = (node: ts.Node): node is ts.VariableDeclaration =>
  ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === "__async";

const isGenerator = (node: ts.Node): boolean => "asteriskToken" in node && node.asteriskToken !== undefined;

const isDirective = (statement: ts.Statement): boolean =>
  ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);

/** The name of a function, or of what it is assigned to. */
function nameOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
    return node.left.getText(source);
  const isNamed =
    ts.isFunctionLike(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isClassLike(node);
  return isNamed ? node.name?.getText(source) : undefined;
}
