import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import ignore from "ignore";
import { describe, expect, test } from "vitest";
import {
  closedDocument,
  DEFAULT_SETTINGS,
  exclusionOf,
  exclusionSilence,
} from "../../../engine/complete/index.ts";
import { literalOf } from "../../../engine/complete/policy/exclude_entries.ts";
import { checkExclude } from "../../../engine/complete/policy/index.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/** In a workspace `/home/ada/work`, unless the path is whole. */
const file = (path: string, languageId = "plaintext") => ({
  uri: `file://${path.startsWith("/") ? path : `/home/ada/work/${path}`}`,
  path,
  languageId,
});
const by = (path: string, exclude: readonly string[] = []) =>
  exclusionOf(file(path), exclude)?.pattern ?? null;

const SECRET =
  `.env .env.local .env.production .ENV .Env.Local .env-prod .env~ .envrc prod.env config/app.env.local .env/keys.txt
  deploy/.envs/production .dev.vars .dev.vars.staging .flaskenv .Renviron .npmrc .yarnrc.yml .pypirc .netrc _netrc
  .git-credentials .git/config .aws/credentials .aws/config home/.ssh/config .ssh/id_rsa .ssh/known_hosts .gnupg/x
  .docker/config.json .dockercfg .kube/config kubeconfig prod.kubeconfig kubeconfig.yaml .config/gcloud/creds.db
  .config/gh/hosts.yml .cargo/credentials.toml .m2/settings.xml prod.tfvars x.auto.tfvars.json terraform.tfstate
  terraform.tfstate.backup secrets.yml secrets.yaml secrets.json Secrets.toml secret.json secrets.prod.yml
  config/app-secrets.yaml .secrets .secrets/x db.secret credentials.json aws-credentials.json my_credentials.csv
  service-account.json my-service-account-key.json serviceAccountKey.json app-firebase-adminsdk-1.json
  client_secret_1.json cert.pem tls.key a.p12 a.pfx a.jks a.keystore a.kdbx a.ppk AuthKey_1.p8 id_rsa id_rsa.pub id_dsa
  id_ecdsa id_ecdsa_sk id_ed25519 .htpasswd .pgpass .my.cnf wp-config.php local.settings.json config/master.key .vault-token
  .vault_pass vault.yml group_vars/all/vault.yaml secrets/a.ts deep/secrets/b/c.ts SECRETS/x .bash_history passwords.txt
  /home/ada/.aws/credentials /root/.ssh/id_rsa a\\.env C:\\Users\\ada\\.aws\\credentials`.split(/\s+/);
for (const path of SECRET) test(`${path} is never read`, () => expect(by(path)).not.toBeNull());

const READ =
  `environment.ts src/env.ts env/lib/python3/site.py src/environments/prod.ts keyboard.ts monkey.py secrets.py secrets.ts
  secret_manager.go credentials.ts src/credentials/github.ts secretsmanager/client.ts id.ts idrsa.ts keys.json key.ts
  .github/workflows/ci.yml docker/config.json kube/config.ts .gitconfig .gitignore tokens.json passwords.ts password.py
  appsettings.Development.json terraform.tf vault.go service-account.ts kubeconfig.go settings.xml gradle.properties
  public/secretary.json history.ts aws/credentials.md README.md tfstate.go config.yml vite-env.d.ts app.config.ts`.split(
    /\s+/,
  );
for (const path of READ) test(`${path} is read`, () => expect(by(path)).toBeNull());

test("language ids of secrets count whatever the name, until a pattern takes the file back", () => {
  expect(exclusionOf(file("settings.local", "dotenv"), [])?.by).toBe("language");
  expect(exclusionOf(file("x", "dotenv"), ["!y"])?.by).toBe("language");
  expect(
    exclusionOf({ uri: "untitled:Untitled-1", path: "Untitled-1", languageId: "dotenv" }, []),
  ).toBeDefined();
  expect(exclusionOf(file(".env.example", "dotenv"), ["!**/.env.example"])).toBeUndefined();
});

describe("patterns are those of .gitignore, in any case", () => {
  const cases: readonly (readonly [exclude: string | readonly string[], path: string, excluded: boolean])[] =
    [
      ["private/", "private/a.ts", true],
      ["private/", "src/private/deep/a.ts", true],
      ["private/", "private", false],
      ["private", "a/private/b.ts", true],
      ["/private", "private/a.ts", true],
      ["/private", "src/private/a.ts", false],
      ["conf/prod.json", "conf/prod.json", true],
      ["conf/prod.json", "x/conf/prod.json", false],
      ["conf/**", "conf/x/y.json", true],
      ["a/**/z.txt", "a/z.txt", true],
      ["a/**/z.txt", "a/b/c/z.txt", true],
      ["**/*.mine", "x/Y.MINE", true],
      ["*.mine", "a.mine2", false],
      ["?.txt", "ab.txt", false],
      ["[!a].txt", "b.txt", true],
      ["[!a].txt", "a.txt", false],
      ["# *.ts", "a.ts", false],
      ["\\#a.ts", "#a.ts", true],
      ["*", "a.ts", true],
      [["*.ts", "!a.ts"], "a.ts", false],
      [["*.ts", "!a.ts"], "b.ts", true],
      [["!a.ts", "*.ts"], "a.ts", true],
      [["out", "!out/keep.ts"], "out/keep.ts", true],
      [["out/*", "!out/keep.ts"], "out/keep.ts", false],
      // What people write who think of globs, or of Windows.
      ["*.{one,two}", "a.two", true],
      ["{a,b}/{c,d}.txt", "b/c.txt", true],
      ["*.{one,two}", "a.three", false],
      ["./conf/x.json", "conf/x.json", true],
      ["conf\\prod.json", "conf/prod.json", true],
      ["conf\\*.json", "conf/prod.json", true],
      ["conf\\", "conf/prod.json", true],
      ["  *.mine  ", "a.mine", true],
      ["/home/ada/work/a.ts", "a.ts", true],
      ["/home/ada/other/", "/home/ada/other/a.ts", true],
      ["/home/ada/other/", "a.ts", false],
      ["C:\\Work\\keys", "/c:/work/keys/a.ts", true],
      ["geheim-ü.txt", "geheim-u\u0308.txt", true],
    ];
  for (const [exclude, path, excluded] of cases)
    test(`${JSON.stringify(exclude)} ${excluded ? "excludes" : "leaves"} ${path}`, () =>
      expect(by(path, [exclude].flat()) !== null).toBe(excluded));
});

describe("the built-in rules hold beside the user's own, unless one is taken back", () => {
  const cases: readonly (readonly [exclude: readonly string[], path: string, excluded: boolean])[] = [
    [["*.mine"], ".env", true],
    [["", "  ", "[", "!"], ".env", true],
    [["!**/.env.example"], ".env.example", false],
    [["!**/.env.example"], "a/.env.example", false],
    [["!**/.env.example"], ".env", true],
    [["!**/.env.example"], "a.ts", false],
    [["!.env.example"], ".env.local", true],
    [["!secrets/"], "src/secrets/a.ts", false],
    [["!**/secrets/**"], "src/secrets/deep/a.ts", false],
    [["!secrets/public.txt"], "secrets/public.txt", false],
    [["!secrets/public.txt"], "secrets/other.txt", true],
    [["!secrets/"], "src/secrets/.env", true],
    [["!config/secrets.yml"], "config/secrets.yml", false],
    [["!config/secrets.yml"], "other/secrets.yml", true],
    [["!*.pem"], "a.pem", false],
    [["!*.pem"], "a.key", true],
    [["!*.pem", "prod.pem"], "prod.pem", true],
  ];
  for (const [exclude, path, excluded] of cases)
    test(`${JSON.stringify(exclude)} ${excluded ? "excludes" : "leaves"} ${path}`, () =>
      expect(by(path, exclude) !== null).toBe(excluded));
});

test("a place counts also where it is above the workspace, or where the scheme is not that of files", () => {
  expect(exclusionOf({ uri: "file:///home/ada/.ssh/config", path: "config" }, [])).toBeDefined();
  expect(exclusionOf({ uri: "vscode-remote://ssh/home/ada/.aws/x%20y", path: "x y" }, [])).toBeDefined();
  expect(
    exclusionOf({ uri: "vscode-notebook-cell:/w/secrets/a.ipynb#W0s", path: "a.ipynb" }, []),
  ).toBeDefined();
  expect(exclusionOf({ uri: "file:///w/a.ts", path: "a.ts" }, [])).toBeUndefined();
  expect(exclusionOf({ uri: "../up/.env", path: "../up/.env" }, [])).toBeDefined();
  const private_ = { uri: "file:///home/ada/private/work/x.ts", path: "x.ts" };
  expect(exclusionOf(private_, ["private/"])).toBeDefined();
  // An earlier entry does not take back what a later one excludes, wherever each fits.
  expect(exclusionOf(private_, ["!x.ts", "private/"])).toBeDefined();
});

test("a link is what it leads to, unless a pattern takes one of the two back", () => {
  const link = { uri: "file:///w/notes.txt", path: "notes.txt", target: "/home/ada/shared/prod.env" };
  const found = exclusionOf(link, [])!;
  expect(found.pattern).toBe("*.env");
  expect(exclusionOf(link, [found.takenBackBy])).toBeUndefined();
  expect(exclusionOf(link, ["!notes.txt"])).toBeUndefined();
  expect(exclusionOf({ ...link, target: "/home/ada/shared/prod.txt" }, [])).toBeUndefined();
});

test("with several folders a pattern begins at the file's own folder, or at its label", () => {
  const inA = { uri: "file:///w/a/src/x.ts", path: "a/src/x.ts", folder: "a" };
  const inB = { uri: "file:///w/b/src/x.ts", path: "b/src/x.ts", folder: "b" };
  expect(exclusionOf(inA, ["/src/x.ts"])).toBeDefined();
  expect(exclusionOf(inA, ["a/src/"])).toBeDefined();
  expect(exclusionOf(inB, ["a/src/"])).toBeUndefined();
});

const wrong: readonly (readonly [entry: unknown, why: RegExp])[] = [
  ["", /empty/],
  [" \t", /empty/],
  [3, /not a text/],
  [null, /not a text/],
  [["*.ts"], /not a text/],
  ["!", /names nothing/],
  ["! ", /names nothing/],
  ["/", /names nothing/],
  ["./", /names nothing/],
  ["!!a", /second “!”/],
  ["[abc", /without its “\]”/],
  ["a{b,c", /without its “}”/],
  ["a}b", /without its “{”/],
  ["../up", /leads out/],
  ["$HOME/x", /variable/],
  [`$${"{workspaceFolder}"}/x`, /variable/],
  ["%APPDATA%/x", /variable/],
  ["!(a|b)", /parentheses/],
  [`${"a/**/".repeat(5)}b`, /more than 4 “\*\*”/],
  ["*a".repeat(5), /more than 4 “\*” in one name/],
  ["a".repeat(5000), /longer than any path/],
  ["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", /alternatives/],
];
for (const [entry, why] of wrong)
  test(`the entry ${JSON.stringify(entry)} is named and left out, and the others hold`, () => {
    const checked = checkExclude(["*.one", entry, "*.two"], "/home/ada");
    expect(checked.entries).toEqual(["*.one", "*.two"]);
    expect(checked.wrong).toEqual([{ entry, why: expect.stringMatching(why) }]);
  });

test("~ is the home folder, on Windows too", () => {
  const { entries } = checkExclude(["~/x", "!~/x/y", "~"], "/home/ada");
  expect(entries).toEqual(["/home/ada/x", "!/home/ada/x/y", "/home/ada"]);
  const [windows] = checkExclude(["~\\keys"], "C:\\Users\\ada").entries;
  expect(by("/c:/Users/Ada/keys/a.ts", [windows!])).not.toBeNull();
  expect(by("/home/ada/x/a.ts", entries)).not.toBeNull();
});

test("what a user reads names the rule, and an entry that takes the file back does so", () => {
  const sentence = (path: string, exclude: readonly string[] = []) =>
    sentenceOf(exclusionSilence(exclusionOf(file(path), exclude)!));
  expect(sentence("conf/prod.env")).toBe(
    "This file is never read, because its path matches “*.env”, a built-in rule for secrets: add “!**/prod.env” to the setting “foretype.exclude” to have it read.",
  );
  expect(sentence("a.mine", ["*.mine"])).toBe(
    "This file is never read, because its path matches “*.mine”: change that entry of the setting “foretype.exclude” to have it read.",
  );
  for (const path of SECRET) {
    let exclude: readonly string[] = [];
    const next = () => exclusionOf(file(path), exclude);
    // Several rules may exclude a file: each names its own entry.
    for (let found = next(); found && exclude.length < 4; found = next())
      exclude = [...exclude, found.takenBackBy];
    expect(exclude.length, path).toBeLessThan(4);
  }
});

test("many files are judged alike, however many came before", () => {
  const exclude = ["*.mine"];
  const paths = Array.from({ length: 1200 }, (_, n) => `a${n}.${n % 2 === 0 ? "mine" : "ts"}`);
  for (const path of [...paths, ...paths]) expect(by(path, exclude) !== null).toBe(path.endsWith("mine"));
});

describe("version control's own files are silent until foretype.languages says so by name", () => {
  const silence = (path: string, languageId: string, languages = DEFAULT_SETTINGS.languages) =>
    closedDocument({ ...file(path, languageId), readOnly: false }, "automatic", {
      ...DEFAULT_SETTINGS,
      languages,
    })?.id ?? null;
  const own: readonly (readonly [path: string, languageId: string, id: string])[] = [
    [".git/COMMIT_EDITMSG", "git-commit", "git-commit"],
    [".git/worktrees/x/COMMIT_EDITMSG", "plaintext", "git-commit"],
    [".git/MERGE_MSG", "git-commit", "git-commit"],
    [".git/TAG_EDITMSG", "plaintext", "git-commit"],
    [".git/rebase-merge/git-rebase-todo", "git-rebase", "git-rebase"],
    ["message", "git-commit", "git-commit"],
    [".git/addp-hunk-edit.diff", "diff", "diff"],
    [".git/hooks/pre-commit", "shellscript", "shellscript"],
    [".git/info/exclude", "ignore", "ignore"],
    ["/work/project/editor-1.jjdescription", "plaintext", "git-commit"],
  ];
  for (const [path, languageId, id] of own)
    test(path, () => {
      expect(silence(path, languageId)).toBe("git-file");
      expect(silence(path, languageId, { "*": true })).toBe("git-file");
      expect(silence(path, languageId, { "*": false, [id]: true })).toBeNull();
    });
  test("and files that only look like them are not silent", () => {
    for (const path of ["src/commit.ts", ".gitignore", ".github/x.yml", "git/COMMIT.ts", ".gitattributes"])
      expect(silence(path, "typescript"), path).toBeNull();
  });
  test("the box for a commit message is silent unless the setting names it", () => {
    expect(silence("git/scm0/input", "scminput")).toBe("language-off");
    expect(silence("git/scm0/input", "scminput", { "*": true })).toBe("language-off");
    expect(silence("git/scm0/input", "scminput", { "*": false, scminput: true })).toBeNull();
  });
});

test("an explicit request passes what foretype.languages says, and never an exclusion", () => {
  const invoked = (path: string, languageId: string) =>
    closedDocument({ ...file(path, languageId), readOnly: false }, "invoked", DEFAULT_SETTINGS)?.id ?? null;
  expect(invoked("a.md", "markdown")).toBeNull();
  expect(invoked(".env", "dotenv")).toBe("excluded");
});

test("what a pattern needs of a path is in each path that it fits", () => {
  const random = seededRandom(testSeed());
  const textOf = (characters: string) =>
    Array.from(
      { length: 1 + Math.floor(random() * 6) },
      () => characters[Math.floor(random() * characters.length)],
    ).join("");
  let fitting = 0;
  for (let count = 0; count < 4000; count++) {
    const body = textOf("aAkKſςσß.-_ *?/[]!\\");
    const path = textOf("aAkKKſςσß.-_ /").replace(/^[./]+|\/{2,}/g, "");
    if (path === "" || path.split("/").includes("..")) continue;
    if (!ignore({ allowRelativePaths: true }).add(`!${body}`).test(path).unignored) continue;
    fitting++;
    expect(path.toUpperCase(), JSON.stringify({ body, path })).toContain(literalOf(body));
  }
  expect(fitting).toBeGreaterThan(20);
  expect(["*[-_.]secrets.yml", "**/.ssh/**", "a\\*bcd", "*"].map(literalOf)).toEqual([
    "SECRETS.YML",
    ".SSH",
    "BCD",
    "",
  ]);
});

test("a rule whose “**” fit a deep path in very many ways counts as one that fits, at once", () => {
  const deep = `${"a/".repeat(120)}bz`;
  const rules = Array.from({ length: 20 }, (_, i) => `**/a/**/a/**/a/**/?${"?".repeat(i)}[!a-z.]`);
  expect(by(deep, rules)).toBe(rules.at(-1)); // 17 s where it is tried
  expect(by(`${"a/".repeat(12)}bz`, rules)).toBe(null); // … and it does not fit a usual one
  expect(
    by(
      deep,
      rules.map((rule) => `!${rule}`),
    ),
  ).toBe(null);
  expect(checkExclude([`x${"@(|".repeat(1300)}`], "/home/me").wrong).toEqual([
    expect.objectContaining({ why: expect.stringContaining("list in parentheses") }),
  ]);
});

test("verdicts on many files take little memory: a window may be open for days", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const own = ["*.private", "!.env.example"];
  expect(by("first.env", own)).toBe("*.env");
  const before = held();
  for (let i = 0; i < 450; i++) expect(by(`folder${i}/below/file${i}.ts`, own)).toBe(null);
  expect(held() - before).toBeLessThan(2e6); // 9 MB where each rule keeps its own verdicts
  expect(by("folder7/below/.env", own)).toBe("*.env");
  expect(by("a.private", own)).toBe("*.private");
  expect(by(".env.example", own)).toBe(null);
});
