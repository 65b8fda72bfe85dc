// A person at an editor: keys, jumps, pastes, and what VS Code makes of them, written as a typing trace.
import assert from "node:assert/strict";
import type { DocumentChange } from "../../../engine/complete/metrics/index.ts";
import {
  applyChanges,
  type TypingEvent,
  traceHeader,
  traceLine,
} from "../../../engine/complete/replay/recording.ts";
import { normal, seededRandom } from "../../reference/random.ts";

const KEY = 170; // ms in the median, as of a quick typist
const SPREAD = 0.35; // of the logarithm
const LINE_END = 600; // ms before the key after Enter
const JUMP = 1500; // ms to look for a place and go there
const PASTE = 900;
const REPEAT = 60; // ms: Backspace, held or hit
const SLIP = 0.012; // a key that is hit wrongly, seen, and taken back

const CLOSER: Readonly<Record<string, string>> = {
  "(": ")",
  "[": "]",
  "{": "}",
  '"': '"',
  "'": "'",
  "`": "`",
};
const BEFORE_CLOSER = /^(?:$|[;:.,=}\])>\s])/; // what may follow a bracket that the editor closes

interface OpenText {
  text: string;
  version: number;
  readonly tab: number;
  readonly python: boolean;
  /** Offsets of brackets that the editor inserted by itself and the user has not typed over. */
  closers: number[];
}

export function createTypist(header: { readonly title: string; readonly origin: string }, seed: number) {
  const random = seededRandom(seed);
  const lines = [traceHeader(header)];
  const files = new Map<string, OpenText>();
  let at = 0;
  let uri = "";
  let cursor = 0;
  let keys = 0;
  let wait = KEY;
  const file = () => files.get(uri)!;

  const pass = (median: number): void => {
    at += Math.max(15, Math.round(median * Math.exp(SPREAD * normal(random))));
  };
  const write = (event: TypingEvent): void => void lines.push(traceLine(event));

  /** One change, with the question that the editor asks after it. */
  function change(one: DocumentChange, to: number, asks = true): void {
    const { offset, removed, inserted } = one;
    const open = file();
    open.text = applyChanges(open.text, [one]);
    open.closers = open.closers
      .filter((closer) => closer < offset || closer >= offset + removed)
      .map((closer) => (closer >= offset ? closer + inserted.length - removed : closer));
    cursor = to;
    keys++;
    write({ type: "change", at, uri, version: ++open.version, changes: [one] });
    if (asks) write({ type: "ask", at, uri, cursor, trigger: "automatic" });
  }

  const insert = (inserted: string, cursorAfter = inserted.length): void =>
    change({ offset: cursor, removed: 0, inserted }, cursor + cursorAfter);

  const lineBefore = (): string => file().text.slice(file().text.lastIndexOf("\n", cursor - 1) + 1, cursor);

  function enter(): void {
    const { text, python, tab } = file();
    const line = lineBefore();
    const indent = /^[ \t]*/.exec(line)![0];
    const opened = /[{([]$/.test(line) || (python && /:\s*$/.test(line));
    const deeper = `\n${indent}${opened ? " ".repeat(tab) : ""}`;
    const between = /[{([]$/.test(line) && text[cursor] === CLOSER[line.at(-1)!];
    if (between) insert(`${deeper}\n${indent}`, deeper.length);
    else insert(deeper);
  }

  function key(character: string): void {
    pass(wait);
    wait = character === "\n" ? LINE_END : KEY;
    const { text, closers } = file();
    const next = text[cursor] ?? "";
    const closer = CLOSER[character];
    const afterWord = closer === character && /[\w"'`]$/.test(lineBefore()); // an apostrophe, or the end of a text
    const inComment = /^\s*(?:\/\/|#|\*)/.test(lineBefore());
    if (character === "\n") enter();
    else if (next === character && closers.includes(cursor))
      change({ offset: cursor, removed: 1, inserted: character }, cursor + 1);
    else if (closer !== undefined && BEFORE_CLOSER.test(next) && !afterWord && !inComment) {
      insert(character + closer, 1);
      file().closers.push(cursor);
    } else insert(character);
  }

  function backspace(count: number): void {
    for (let done = 0; done < count; done++) {
      pass(done === 0 ? KEY : REPEAT);
      const before = lineBefore();
      const pair = file().closers.includes(cursor) && CLOSER[before.at(-1) ?? ""] === file().text[cursor];
      // In the indentation VS Code takes back a tab stop at a time.
      const stop = /^ +$/.test(before) ? before.length % file().tab || file().tab : 1;
      change({ offset: cursor - stop, removed: stop + (pair ? 1 : 0), inserted: "" }, cursor - stop);
    }
  }

  /** Over a line below that the editor has closed already, Down and End are enough. @returns characters of `text` that saves */
  function goDown(text: string, index: number): number {
    const down = /^\n[ \t]*[)\]}]/.exec(file().text.slice(cursor))?.[0];
    if (!down || !text.startsWith(down, index) || !file().closers.includes(cursor + down.length - 1))
      return 0;
    pass(KEY);
    cursor += down.length;
    write({ type: "cursor", at, uri, cursor });
    return down.length;
  }

  function indentTo(wanted: number): void {
    while (lineBefore().length > wanted) backspace(1);
    while (lineBefore().length < wanted) {
      pass(KEY);
      insert(" ".repeat(Math.min(file().tab, wanted - lineBefore().length)));
    }
  }

  /** Types `text`: leaves to the editor what it indents and closes by itself, and mends what it does differently. */
  function type(text: string): void {
    for (let index = 0; index < text.length; ) {
      const gone = goDown(text, index);
      index += gone;
      if (gone > 0) continue;
      const character = text[index++]!;
      if (/[a-z]/.test(character) && random() < SLIP) {
        key(String.fromCharCode(97 + Math.floor(random() * 26)));
        pass(KEY);
        backspace(1);
      }
      key(character);
      if (character !== "\n") continue;
      const wanted = /^[ \t]*/.exec(text.slice(index))![0].length;
      // On a blank line the editor takes the indentation back with the next Enter, and so do we, at once.
      indentTo(text[index + wanted] === "\n" ? 0 : wanted);
      index += wanted;
    }
  }

  const find = (marked: string): { from: number; cursor: number } => {
    const needle = marked.replace("█", "");
    const from = file().text.indexOf(needle);
    assert(from !== -1, `${uri} has no ${JSON.stringify(needle)}`);
    assert.equal(file().text.indexOf(needle, from + 1), -1, `${uri} has ${JSON.stringify(needle)} twice`);
    return { from, cursor: from + marked.indexOf("█") };
  };

  return {
    open(name: string, languageId: string, text: string, tab: number): void {
      uri = name;
      files.set(name, { text, version: 0, tab, python: languageId === "python", closers: [] });
      write({ type: "open", at, uri, path: name, languageId, text, tabSize: tab, insertSpaces: true });
    },
    /** Moves the cursor to `█` in the only place with that text, in the named file or the current one. */
    go(marked: string, name = uri): void {
      uri = name;
      ({ cursor } = find(marked));
      file().closers = []; // the editor forgets them when the cursor leaves
      pass(JUMP);
      write({ type: "cursor", at, uri, cursor });
    },
    type,
    backspace,
    /** Selects the text between two `█`, and types over it. */
    replace(marked: string, text: string): void {
      const [head, selected, rest] = marked.split("█") as [string, string, string];
      const { from } = find(`${head}█${selected}${rest}`);
      pass(JUMP);
      cursor = from + head.length + selected.length;
      write({ type: "cursor", at, uri, cursor });
      pass(KEY);
      change(
        { offset: from + head.length, removed: selected.length, inserted: text[0]! },
        from + head.length + 1,
      );
      type(text.slice(1));
    },
    paste(text: string): void {
      pass(PASTE);
      insert(text);
    },
    /** Restores the current file's earlier text in one change. No request: the editor makes none after undo. */
    undoTo(earlier: string): void {
      const { text } = file();
      let head = 0;
      while (head < text.length && text[head] === earlier[head]) head++;
      let tail = 0;
      while (
        tail < Math.min(text.length, earlier.length) - head &&
        text[text.length - 1 - tail] === earlier[earlier.length - 1 - tail]
      )
        tail++;
      pass(PASTE);
      const inserted = earlier.slice(head, earlier.length - tail);
      change({ offset: head, removed: text.length - head - tail, inserted }, head + inserted.length, false);
    },
    get text(): string {
      return file().text;
    },
    textOf: (name: string): string => files.get(name)!.text,
    get keys(): number {
      return keys;
    },
    /** The trace. */
    lines: (): string => lines.join(""),
  };
}

export type Typist = ReturnType<typeof createTypist>;
