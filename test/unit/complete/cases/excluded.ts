import type { CaseKind, GoldenCase } from "./cases.ts";

const ANSWER = "1234;\n";

/** Nothing is shown in these files, even where the user asks. */
const excluded = (
  file: string,
  exclude: readonly string[] = [],
  more: Partial<GoldenCase> = {},
): GoldenCase => ({
  file,
  at: "PASSWORD=█\n",
  answer: ANSWER,
  shown: null,
  silence: "excluded",
  invoked: true,
  settings: { exclude },
  ...more,
});

const read = (file: string, exclude: readonly string[] = []): GoldenCase => ({
  file,
  at: "const key = █\n",
  answer: ANSWER,
  shown: "1234;",
  languageId: "typescript",
  settings: { exclude },
});

const own = (
  file: string,
  languageId: string,
  languages?: Readonly<Record<string, boolean>>,
): GoldenCase => ({
  file,
  at: "Add █\n",
  answer: "a test",
  shown: languages ? "a test" : null,
  languageId,
  ...(languages ? { settings: { languages } } : { silence: "git-file" }),
});

export default {
  claim:
    "secret files are never read, whatever foretype.exclude says wrong; version control's own are off by default",
  cases: [
    excluded("prod.env"),
    excluded(".npmrc"),
    excluded(".aws/credentials"),
    excluded(".Renviron"),
    excluded("main.tfvars"),
    excluded("config/secrets.yml"),
    excluded("cert.p12"),
    excluded("id_ecdsa"),
    excluded(".env/db"),
    excluded("settings.local", [], { languageId: "dotenv" }),
    excluded(".netrc"),
    excluded(".PGPASS"),
    excluded("home/.ssh/config"),
    excluded("terraform.tfstate.backup"),
    excluded(".env", [""]),
    excluded("a.mine", ["", "*.mine"]),
    excluded(".env", ["*.mine"]),
    excluded("secrets/a.ts", ["secrets/"]),
    excluded("private/a.ts", ["private/"]),
    excluded(".env", ["!**/.env.example"]),
    excluded("a.two", ["*.{one,two}"]),
    excluded(".credentials"),
    excluded("htpasswd"),
    excluded("auth.json"),
    excluded("vault-password.txt"),
    excluded("deploy.token"),
    read("src/environment.ts"),
    read("src/secrets.ts"),
    read("a.ts", ["!**/.env.example"]),
    read(".env.example", ["!**/.env.example"]),
    read("src/secrets/public.ts", ["!secrets/"]),
    read("a.ts", ["", "[", "!"]),
    own(".git/COMMIT_EDITMSG", "git-commit"),
    own(".git/TAG_EDITMSG", "plaintext"),
    own(".git/rebase-merge/git-rebase-todo", "git-rebase"),
    own(".git/COMMIT_EDITMSG", "git-commit", { "git-commit": true }),
    own(".git/TAG_EDITMSG", "plaintext", { "*": false, "git-commit": true }),
  ],
} satisfies CaseKind;
