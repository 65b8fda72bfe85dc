// The typing traces beside this file: what is typed in them, and in what text it must end. make.ts writes them.
import assert from "node:assert/strict";
import { parseRecording } from "../../../engine/complete/replay/recording.ts";
import { fixBug, retype } from "./edits_python.ts";
import { edited, type Made, read } from "./made.ts";
import { createTypist } from "./typist.ts";

const OURS = "Foretype itself, MIT License, Copyright (c) 2026 The Foretype authors";

/** A function that was taken out of its file, typed in again. */
function typeFunction(): Made {
  const whole = read("length_policy.ts");
  const start = whole.indexOf("function stopAtCloser(");
  const end = whole.indexOf("\n}\n", start) + 2;
  const typist = createTypist({ title: "typing a function", origin: OURS }, 1);
  typist.open("length.ts", "typescript", whole.slice(0, start) + whole.slice(end), 2);
  typist.go("as far as they are `closers`. */\n█\n");
  typist.type(whole.slice(start, end));
  return { name: "type_function", typist, wanted: { "length.ts": whole } };
}

/** Two variables of a class, renamed by hand where they are used. */
function rename(): Made {
  const before = read("suffix_automaton.ts");
  const typist = createTypist({ title: "renaming by hand at each use", origin: OURS }, 3);
  typist.open("suffix_automaton.ts", "typescript", before, 2);
  const uses: readonly (readonly [marked: string, removed: number, name: string])[] = [
    ["const slot█ = this.#slot(state, token);", 4, "position"],
    ["const entry = this.#slots[slot█]!;\n    if", 4, "position"],
    ["this.#slots[slot█] = this.#head[state]", 4, "position"],
    ["this.#slots[this.#slot█(state, token)]!", 4, "positionOf"],
    ["const position = this.#slot█(state, token);", 4, "positionOf"],
    ["  #slot█(state: State, token: number)", 4, "positionOf"],
    ["this.#slots[this.#slot█(entries[", 4, "positionOf"],
    ["for (let slot█ = (mixed", 4, "position"],
    ["& mask; ; slot█ = (slot", 4, "position"],
    ["; position = (slot█ + 1)", 4, "position"],
    ["this.#slots[slot█]! - 1);", 4, "position"],
    ["this.#entries[at + 1] === token)) return slot█;", 4, "position"],
    ["  #slots█ = new Int32Array(2048);", 5, "positions"],
    ["const entry = this.#slots█[this.#positionOf(state, token)]!;", 5, "positions"],
    ["const entry = this.#slots█[position]!;", 5, "positions"],
    ["this.#slots█[position] = this.#head[state]", 5, "positions"],
    ["const mask = this.#slots█.length - 1;", 5, "positions"],
    ["this.#slots█[position]! - 1);", 5, "positions"],
    ["this.#slots█ = new Int32Array(2 *", 5, "positions"],
    ["(2 * this.#slots█.length);", 5, "positions"],
    ["this.#slots█[this.#positionOf(entries", 5, "positions"],
  ];
  for (const [marked, removed, name] of uses) {
    typist.go(marked);
    typist.backspace(removed);
    typist.type(name);
  }
  const wanted = before.replace(/(#?)\bslot(s?)\b/g, (all, hash: string, more: string) =>
    more ? `${hash}positions` : hash ? "#positionOf" : all === "slot" ? "position" : all,
  );
  return { name: "rename", typist, wanted: { "suffix_automaton.ts": wanted } };
}

/** A field that is declared and shown in one file and filled in in another. */
function twoFiles(): Made {
  const [text, status] = ["status_text.ts", "status.ts"] as const;
  const before = { [text]: read(text), [status]: read(status) };
  const typist = createTypist({ title: "jumping between two files", origin: OURS }, 5);
  typist.open(status, "typescript", before[status]!, 2);
  typist.open(text, "typescript", before[text]!, 2);
  const edits: readonly (readonly [file: string, after: string, typed: string])[] = [
    [
      text,
      "  readonly lastSilence: Silence | null;",
      "\n  /** Typing is being written to a file. */\n  readonly recording: boolean;",
    ],
    [status, "  readonly summary: () => MetricsSummary;", "\n  readonly recording: () => boolean;"],
    [
      text,
      '  if (view.lastSilence) rows.push([l10n.t("Last without one"), view.lastSilence.sentence]);',
      '\n  if (view.recording) rows.push([l10n.t("Recording"), recordingText(view, l10n)]);',
    ],
    [status, "settings, snooze, summary,", " recording,"],
    [text, "  readonly recording: boolean;", "\n  readonly recordedBytes: number;"],
    [status, "        summary: statistics ? summary() : null,", "\n        recording: recording(),"],
    [
      text,
      "/** Who drafts for the model, and if it could be better, why it is not. */\n",
      'function recordingText({ recordedBytes }: StatusView, l10n: L10n): string {\n  return l10n.t("{0} so far", bytesOf(recordedBytes));\n}\n\n',
    ],
    [status, "        recording: recording(),", "\n        recordedBytes: recording() ? written.bytes : 0,"],
    [status, "  let longBusy = false;", "\n  const written = { bytes: 0 };"],
  ];
  const wanted: Record<string, string> = { ...before };
  for (const [name, after, typed] of edits) {
    // Where a text goes before what is there, a line is opened first: the same in the end.
    typist.go(`${after}█`, name);
    if (after.endsWith("\n")) {
      typist.go(`█${after.slice(0, -1)}`, name);
      typist.type(typed);
      wanted[name] = edited(wanted[name]!, [after, typed + after]);
    } else {
      typist.type(typed);
      wanted[name] = edited(wanted[name]!, [after, after + typed]);
    }
  }
  return { name: "two_files", typist, wanted };
}

/** Blocks that are pasted and made into something else. */
function paste(): Made {
  const before = read("settings.ts");
  const typist = createTypist({ title: "pasting blocks and editing them", origin: OURS }, 6);
  typist.open("settings.ts", "typescript", before, 2);
  const line = "  readonly statistics: boolean;\n";
  const reads = '    statistics: read("statistics"),\n';
  const model =
    "  /** The same spec as `completionModel`, and so the same loaded model, where both are one file. */\n  readonly chatModel: ModelSpec;\n";
  const block = `    context: {
      recentEdits: read("context.recentEdits"),
      definitions: read("context.definitions"),
      openFiles: read("context.openFiles"),
    },
`;
  const asBoolean = '      case "boolean":\n        return typeof value === "boolean";\n';

  typist.go(`${line}█`);
  typist.paste(line);
  typist.replace("statistics: boolean;\n  readonly █statistics█: boolean;", "recordTyping");
  typist.go(`${reads}█`);
  typist.paste(reads);
  typist.replace('"statistics"),\n    █statistics█: read', "recordTyping");
  typist.replace('recordTyping: read("█statistics█"', "recordTyping");
  typist.go(`${model}█`);
  typist.paste(model);
  typist.replace(
    "  readonly chatModel: ModelSpec;\n  /** █The same spec as `completionModel`, and so the same loaded model, where both are one file.█ */",
    "Drafts for the completion model; the same spec where that drafts for itself.",
  );
  typist.replace("itself. */\n  readonly █chatModel█: ModelSpec;", "draftModel");
  typist.go(`${block}█`);
  typist.paste(block);
  typist.replace("    },\n    █context█: {\n      recentEdits", "recording");
  typist.replace(
    'recording: {\n      █recentEdits: read("context.recentEdits")█,',
    'folder: read("recording.folder")',
  );
  typist.replace(
    'recording.folder"),\n      █definitions: read("context.definitions")█,',
    'megabytes: read("recording.megabytes")',
  );
  typist.replace(
    'megabytes"),\n      █openFiles: read("context.openFiles")█,',
    'keepDays: read("recording.keepDays")',
  );
  typist.go(`${asBoolean}█`);
  typist.paste(asBoolean);
  typist.replace('"boolean";\n      case "█boolean█"', "bigint");
  typist.replace('"bigint":\n        return typeof value === "█boolean█"', "bigint");
  typist.go('        return typeof value === "bigint"█;');
  typist.type(" && value >= 0n");

  const wanted = edited(
    before,
    [line, `${line}  readonly recordTyping: boolean;\n`],
    [reads, `${reads}    recordTyping: read("recordTyping"),\n`],
    [
      model,
      `${model}  /** Drafts for the completion model; the same spec where that drafts for itself. */\n  readonly draftModel: ModelSpec;\n`,
    ],
    [
      block,
      `${block}    recording: {\n      folder: read("recording.folder"),\n      megabytes: read("recording.megabytes"),\n      keepDays: read("recording.keepDays"),\n    },\n`,
    ],
    [
      asBoolean,
      `${asBoolean}      case "bigint":\n        return typeof value === "bigint" && value >= 0n;\n`,
    ],
  );
  return { name: "paste", typist, wanted: { "settings.ts": wanted } };
}

/** The traces by name. @throws AssertionError where a file does not end as it must, or a trace is too short or too long. */
export function makeTraces(): Map<string, string> {
  const all = [typeFunction(), fixBug(), rename(), retype(), twoFiles(), paste()];
  return new Map(
    all.map(({ name, typist, wanted }) => {
      const { finalTexts } = parseRecording(typist.lines(), name);
      assert.deepEqual(Object.fromEntries(finalTexts), wanted, name);
      assert(typist.keys >= 250 && typist.keys <= 600, `${name} has ${typist.keys} keystrokes`);
      return [name, typist.lines()];
    }),
  );
}
