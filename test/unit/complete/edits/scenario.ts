import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { syntaxFromFiles } from "../../../../engine/cli/commands/index.ts";
import {
  applyChange,
  type DocumentChange,
  type EditReason,
  smallest,
} from "../../../../engine/complete/edits/changes.ts";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { createModelSource } from "../../../../engine/complete/edits/model/index.ts";
import { createNextEdit } from "../../../../engine/complete/edits/next_edit.ts";
import { type EditorState, editorOf } from "../../../../engine/complete/edits/screen.ts";
import { repeatSource } from "../../../../engine/complete/edits/sources.ts";
import { exclusionOf, languageIdOf, type ReadableFile } from "../../../../engine/complete/index.ts";
import { createVirtualClock } from "../../../../engine/complete/replay/virtual_clock.ts";
import type { Clock } from "../../../../engine/contract/index.ts";
import { type EditModel, NO_COST } from "../../../../engine/contract/index.ts";
import { FORMAT_IDS } from "./model/built.ts";

// A scenario is a text file: what it shows, then `--- NAME` with a document in which █ is the cursor, then for each question to a
// model `--- answer FORMAT` with what it writes (`--- answer FORMAT, cut off` where its tokens run out; the last one serves all
// questions that follow; what is between « and » it was not sure of), and for each other document that is open `--- open NAME`, then `--- steps`, one a line:
//   go NAME                   to the start of another document
//   at A█B                    the cursor goes to where the text AB stands
//   type TEXT                 key by key, 60 ms each; \n is Enter
//   backspace N, delete N     key by key
//   change CONTEXT: A => B    selects A, which stands in the text CONTEXT, and types B
//   paste TEXT                as one change; of a selection, what is selected
//   select CONTEXT: A         selects A
//   everywhere A => B         all places in one event, as a rename or several cursors do
//   format A => B             one place, white space only
//   reload A => B             as git or another program does
//   undo, redo                the last step that changed the text, or the one undone
//   wait MS, tab, escape, list|ghost|snippet|readonly on|off, cursors N
// and what is expected:
//   screen N: A => B, jump    line N, counted from 1, with what Tab does; or `accept`; in another document `screen NAME N: …`
//   nothing ID                nothing of ours, with that silence
//   tab indents               Tab and Escape are the editor's
//   escape is the editor's
//   cursor A█B                the cursor's line, without white space at its ends
//   line N: TEXT              what line N is, without white space at its ends
//   reads NAME: LINES         what ghost text in this document reads of edits in others, oldest first, lines with | between; or `nothing`

const KEY_MS = 60;

export interface Scenario {
  readonly name: string;
  readonly claim: string;
  readonly path: string;
  readonly text: string;
  readonly answers: readonly ScriptedAnswer[];
  /** Open too: texts by their path. */
  readonly others: ReadonlyMap<string, string>;
  readonly steps: readonly string[];
}

interface ScriptedAnswer {
  /** A format's id, or a name that is none. */
  readonly format: string;
  readonly text: string;
  readonly isCutOff: boolean;
}

export const scenariosIn = (folder: string): Scenario[] =>
  readdirSync(join(import.meta.dirname, folder))
    .sort()
    .map((name) => {
      const [claim = "", ...parts] = readFileSync(join(import.meta.dirname, folder, name), "utf8").split(
        /^--- /m,
      );
      const [path, text] = documentIn(parts[0] ?? "");
      const steps = parts.at(-1) ?? "";
      const between = parts.slice(1, -1);
      expect(steps.startsWith("steps\n"), `${name} has steps`).toBe(true);
      return {
        name,
        claim: claim.trim(),
        path,
        text,
        answers: between.filter((part) => part.startsWith("answer ")).map(answerIn),
        others: new Map(
          between
            .filter((part) => part.startsWith("open "))
            .map((part) => documentIn(part.slice("open ".length))),
        ),
        steps: steps
          .split("\n")
          .slice(1)
          .map((line) => line.trim())
          .filter((line) => line !== "" && !line.startsWith("#")),
      };
    });

function documentIn(part: string): [path: string, text: string] {
  const nameEnd = part.indexOf("\n");
  return [part.slice(0, nameEnd), part.slice(nameEnd + 1)];
}

function answerIn(part: string): ScriptedAnswer {
  const [, format = "", cut, text = ""] = /^answer ([^,\n]*)(, cut off)?\n([\s\S]*?)\n?$/.exec(part)!;
  // A character that does not show has a name in the file.
  const spelled = text.replace(/\{U\+([\dA-F]{4})\}/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return { format, text: spelled, isCutOff: cut !== undefined };
}

/** A model that writes the scenario's answers one after the other, in pieces. */
function scriptedModel(answers: readonly ScriptedAnswer[]): EditModel {
  let asked = 0;
  return {
    async *edit({ signal }) {
      const { text, isCutOff } = answers[Math.min(asked++, answers.length - 1)]!;
      let isUnsure = false;
      for (let at = 0; at < text.length; at += PIECE) {
        if (signal?.aborted) return undefined;
        const piece = text.slice(at, at + PIECE);
        if (piece.includes("«")) isUnsure = true;
        yield { text: piece.replace(/[«»]/g, ""), logProbability: isUnsure ? -3 : 0 };
        if (piece.includes("»")) isUnsure = false;
      }
      return { reason: isCutOff ? "max-tokens" : "end", ...NO_COST };
    },
  };
}

const PIECE = 5; // characters

const modelSource = (answers: readonly ScriptedAnswer[], clock: Clock) =>
  createModelSource({
    model: scriptedModel(answers),
    format: FORMAT_IDS.find((id) => id === answers[0]!.format),
    clock,
  });

const failures: string[] = [];
const syntax = syntaxFromFiles((message) => failures.push(message));

/** Plays a scenario in an editor of plain text and virtual time. @returns what Tab changed: how often it was taken */
export async function play({ path, text: marked, answers, others, steps }: Scenario): Promise<void> {
  const time = createVirtualClock();
  const uriOf = (name: string) => `file:///project/${name}`;
  let uri = uriOf(path);
  let exclude: string[] = [];
  const isExcluded = (file: ReadableFile) => exclusionOf(file, exclude) !== undefined;
  const history = createEditHistory({ clock: time.clock, isExcluded });
  const next = createNextEdit({
    clock: time.clock,
    history,
    sources: answers.length === 0 ? [repeatSource(syntax)] : [modelSource(answers, time.clock)],
  });
  let text = marked.replace("█", "");
  let state: EditorState = { ...editorOf(uri), cursor: Math.max(0, marked.indexOf("█")) };
  let selected = 0; // characters from the cursor on
  const undone: string[] = [];
  const done: string[] = [];
  /** Of the documents that do not have the focus. */
  const texts = new Map<string, string>();
  for (const [name, content] of [...others, [path, text] as const]) {
    const languageId = languageIdOf(name, content);
    await syntax.ready(languageId);
    history.open({ uri: uriOf(name), path: name, languageId }, content);
    texts.set(uriOf(name), content);
  }
  expect(failures).toEqual([]);
  next.moved(state);

  const pass = async (ms: number) => {
    const until = time.clock.now() + ms;
    await next.settled();
    while (time.step(until)) await next.settled();
  };
  const place = (more: Partial<EditorState>) => {
    state = { ...state, ...more };
    next.moved(state);
  };
  const goTo = (to: string, cursor: number) => {
    texts.set(uri, text);
    uri = to;
    text = texts.get(to)!;
    place({ uri, cursor });
  };
  const edit = (changes: readonly DocumentChange[], reason?: EditReason, cursor?: number) => {
    for (const change of changes) text = applyChange(text, change);
    const last = changes.at(-1)!;
    history.changed(uri, changes, reason);
    selected = 0;
    place({ cursor: cursor ?? last.offset + last.inserted.length, selectionIsEmpty: true });
  };
  const find = (needle: string, step: string): number => {
    const at = text.indexOf(needle);
    expect(at, `${step}: ${JSON.stringify(needle)} is not in\n${text}`).not.toBe(-1);
    expect(
      text.indexOf(needle, at + 1),
      `${step}: ${JSON.stringify(needle)} is there twice in\n${text}`,
    ).toBe(-1);
    return at;
  };
  const keys = async (all: string) => {
    for (const key of all) {
      edit([{ offset: state.cursor, removed: selected, inserted: key }]);
      await pass(KEY_MS);
    }
  };
  const select = (context: string, part: string, step: string) => {
    const inside = context.indexOf(part);
    expect(inside, `${step}: no ${part} in the context`).not.toBe(-1);
    selected = part.length;
    place({ cursor: find(context, step) + inside, selectionIsEmpty: part === "" });
  };
  const swap = (to: string, reason: EditReason) => {
    // As editors do: one change, from the first character that differs to the last.
    edit([smallest(text, { offset: 0, removed: text.length, inserted: to })], reason);
  };

  const nameOf = (one: string) => (one === uri ? "" : `${one.slice(uriOf("").length)} `);

  const acts: Readonly<Record<string, (rest: string, step: string) => unknown>> = {
    go: (rest) => goTo(uriOf(rest), 0),
    at: (rest, step) => place({ cursor: find(rest.replace("█", ""), step) + rest.indexOf("█") }),
    type: (rest) => keys(rest.replaceAll("\\n", "\n")),
    backspace: async (rest) => {
      for (let n = 0; n < Number(rest); n++) {
        edit([{ offset: state.cursor - 1, removed: 1, inserted: "" }]);
        await pass(KEY_MS);
      }
    },
    delete: async (rest) => {
      for (let n = 0; n < Number(rest); n++) {
        edit([{ offset: state.cursor, removed: 1, inserted: "" }]);
        await pass(KEY_MS);
      }
    },
    select: (rest, step) => {
      const [, context, part] = /^(.*): (.*)$/.exec(rest)!;
      select(context!, part!, step);
    },
    change: (rest, step) => {
      const [, context, old, fresh] = /^(.*): (.*?) => (.*)$/.exec(rest)!;
      select(context!, old!, step);
      if (fresh === "") edit([{ offset: state.cursor, removed: selected, inserted: "" }]);
      else return keys(fresh!);
    },
    paste: (rest) =>
      edit([{ offset: state.cursor, removed: selected, inserted: rest.replaceAll("\\n", "\n") }]),
    everywhere: (rest) => {
      const [old, fresh] = rest.split(" => ") as [string, string];
      const changes: DocumentChange[] = [];
      for (let at = text.lastIndexOf(old); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(old, at - 1))
        changes.push({ offset: at, removed: old.length, inserted: fresh });
      edit(changes);
    },
    format: (rest, step) => {
      const [old, fresh] = rest.split(" => ").map((one) => one.replaceAll("\\n", "\n")) as [string, string];
      const at = find(old, step);
      history.changed(uri, [{ offset: at, removed: old.length, inserted: fresh }], "format");
      text = applyChange(text, { offset: at, removed: old.length, inserted: fresh });
      place({ cursor: state.cursor + (at < state.cursor ? fresh.length - old.length : 0) });
    },
    reload: (rest) => {
      const [old, fresh] = rest.split(" => ") as [string, string];
      swap(text.replaceAll(old, fresh), "reload");
    },
    undo: () => {
      undone.push(text);
      swap(done.pop()!, "undo");
    },
    redo: () => swap(undone.pop()!, "redo"),
    wait: (rest) => pass(Number(rest)),
    tab: (rest, step) => {
      const action = next.tab();
      if (rest === "indents") return expect(action.kind, step).toBe("none");
      expect(action.kind, `${step}: ${JSON.stringify(next.view())}`).not.toBe("none");
      if (action.kind === "jump") goTo(action.uri, action.offset);
      if (action.kind === "edit") edit([action.change], "accepted", action.cursor);
    },
    escape: (rest, step) => expect(next.escape(), step).toBe(rest !== "is the editor's"),
    list: (rest) => place({ suggestList: rest === "on" }),
    ghost: (rest) => place({ ghostText: rest === "on" }),
    snippet: (rest) => place({ snippet: rest === "on" }),
    readonly: (rest) => place({ readOnly: rest === "on" }),
    cursors: (rest) => place({ cursors: Number(rest) }),
    exclude: (rest) => {
      exclude = [...exclude, rest];
    },
    screen: (rest, step) => {
      const view = next.view();
      const seen =
        view.kind === "none"
          ? `nothing ${view.silence.id}`
          : `${nameOf(view.proposal.uri)}${view.proposal.line + 1}: ${view.proposal.old} => ${view.proposal.fresh}, ${view.tab}`;
      expect(seen.replaceAll("\n", "\\n"), `${step}\n${text}`).toBe(rest);
    },
    nothing: (rest, step) => acts.screen!(`nothing ${rest}`, step),
    cursor: (rest, step) => {
      const marked = `${text.slice(0, state.cursor)}█${text.slice(state.cursor)}`;
      expect(
        marked
          .split("\n")
          .find((line) => line.includes("█"))
          ?.trim(),
        step,
      ).toBe(rest);
    },
    reads: (rest, step) => {
      const others = history.recentLines().filter((one) => one.uri !== uri);
      const told = others.map((one) => `${one.path}: ${one.text.trimEnd().replaceAll("\n", "|")}`);
      expect(told.join(", ") || "nothing", step).toBe(rest);
    },
    line: (rest, step) => {
      const [, number, content] = /^(\d+): ?(.*)$/.exec(rest)!;
      expect(text.split("\n")[Number(number) - 1]?.trim(), step).toBe(content);
    },
  };
  for (const [index, line] of steps.entries()) {
    const [, verb = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line)!;
    const act = acts[verb];
    expect(act, `step ${index + 1}: ${line}`).toBeDefined();
    const before = text;
    await act!(rest, `step ${index + 1}: ${line}`);
    await next.settled();
    if (text !== before && verb !== "undo") done.push(before);
  }
}
