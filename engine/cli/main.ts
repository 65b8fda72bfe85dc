#!/usr/bin/env node
// The command line: reads arguments, calls one command, prints an error as one sentence.
// Start here, then commands/ (one file a command), bench/ (what `foretype bench` measures), report/ (what it writes) and profile/.
// Promise: bad usage exits with 2, any other failure with 1; --json prints one JSON document.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { PipelineSettings } from "../complete/index.ts";
import { EMBEDDED_MODEL } from "../contract/index.ts";
import { inOneLine, sentenceOf, UserError } from "../errors/index.ts";
import { maxRows } from "../model/index.ts";
import { type BenchCommand, bench, defaultSuites, PEER_CHILD, runPeerChild, suites } from "./bench/index.ts";
import type { Place } from "./commands/index.ts";
import {
  complete,
  devices,
  edit,
  generate,
  inspect,
  listCommand,
  logits,
  profile,
  pullCommand,
  readSettingOption,
  removeCommand,
  replay,
  replayNextEdits,
  tokenize,
  verifyCommand,
} from "./commands/index.ts";
import { profileModel } from "./profile/index.ts";
import { benchReport } from "./report/index.ts";

// Argument parsers: what they throw is bad usage, exit status 2.

const number = (what: string, from: number, to: number, whole: boolean) => (text: string) => {
  const value = Number(text);
  if (text.trim() === "" || !(value >= from && value <= to) || (whole && !Number.isInteger(value))) {
    const range = to === Infinity ? `from ${from} up` : `from ${from} to ${to}`;
    throw new InvalidArgumentError(`${what} is a ${whole ? "whole " : ""}number ${range}.`);
  }
  return value;
};
const count = (what: string) => number(what, 1, 2 ** 31 - 1, true);
const bytes = (what: string) => number(what, 1, Number.MAX_SAFE_INTEGER, true);

const idList = (text: string): number[] => {
  if (!/^\d+(\s*,\s*\d+)*$/.test(text.trim()))
    throw new InvalidArgumentError("Ids are whole numbers with commas, such as 1,2,3.");
  return text.split(",").map(Number);
};

const rowList = (text: string): number[] => {
  const rows = text.split(",").map(Number);
  if (rows.every((count) => Number.isInteger(count) && count >= 1 && count <= maxRows)) return rows;
  throw new InvalidArgumentError(`Rows are whole numbers from 1 to ${maxRows} with commas, such as 1,4,16.`);
};

const place = (text: string): Place => {
  const match = /^(.+):(\d+):(\d+)$/s.exec(text);
  if (!match)
    throw new InvalidArgumentError("A place is FILE:LINE:COL, counted from 1, such as src/stack.ts:12:5.");
  return { path: match[1]!, line: Number(match[2]), column: Number(match[3]) };
};

const setting = (option: string, earlier: Partial<PipelineSettings> | undefined) => {
  try {
    return readSettingOption(option, earlier);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};

const suiteList = (text: string): BenchCommand["suites"] =>
  text.split(",").map((name) => {
    const suite = suites.find((it) => it === name.trim());
    if (!suite)
      throw new InvalidArgumentError(`There is no suite "${name}"; the suites are ${suites.join(", ")}.`);
    return suite;
  });

const deviceHelp = "auto, lavapipe, swiftshader, or a GPU's name or part of it, in any case";
const draft = () =>
  new Option(
    "--draft <KIND>",
    "what drafts: the best by measurement, the model's MTP block, n-grams, or nothing",
  )
    .choices(["auto", "mtp", "ngram", "off"])
    .default("auto");
const json = () => new Option("--json", "print one JSON document");
const modelOptions = (command: Command): Command =>
  command
    .option("--device <NAME>", deviceHelp)
    .option(
      "--context <N>",
      "positions that fit (default: 8192, or the model's own if shorter)",
      count("--context"),
    )
    .addOption(new Option("--kv <TYPE>", "type of the KV cache").choices(["f16", "f32"]).default("f16"))
    .option("--memory <BYTES>", "GPU memory that may be used", bytes("--memory"));

function program(): Command {
  const root = new Command("foretype")
    .description("Code completion on your own GPU. MODEL is a GGUF file, or `mini`, the embedded model.")
    .version(manifest.version, "--version", "print the version")
    .exitOverride()
    .configureOutput({ writeErr: () => {} }); // one sentence, printed below
  const command = (usage: string) => root.command(usage);

  command("devices")
    .description("the GPUs that answer, their memory and limits, which one is used and why")
    .option("--device <NAME>", deviceHelp)
    .addOption(json())
    .action(devices);

  modelCommands(command("models").description("models on this disk, and getting more"));

  modelOptions(command("inspect <MODEL>"))
    .description("what a model file is, what it can do and what it needs")
    .option(
      "--hub [URL]",
      "read the model's description on the Hub, or a mirror of it, by a name as `pull` takes it",
    )
    .addOption(json())
    .action(inspect);

  command("tokenize <MODEL>")
    .description("ids and pieces of a text")
    .addOption(new Option("--text <T>", "the text").conflicts("file"))
    .option("--file <F>", "a file with the text")
    .option("--special", "read the texts of control tokens as these tokens")
    .addOption(json())
    .action((model, options) => tokenize(model, requireOne(options, ["text", "file"])));

  modelOptions(command("logits <MODEL>"))
    .description("log-probabilities at each position")
    .requiredOption("--ids <LIST>", "token ids, such as 1,2,3", idList)
    .option("--top <K>", "how many per position", count("--top"), 5)
    .option("--mtp", "of the MTP block instead of the trunk")
    .option("--out <F.f32>", "write the raw logits, f32 rows, to a file")
    .addOption(json())
    .action(logits);

  modelOptions(command("generate <MODEL>"))
    .description("continue a prompt")
    .option("--prompt <T>", "the prompt; texts of control tokens in it count as these tokens")
    .option("--prompt-file <F>", "a file with the prompt")
    .option("--ids <LIST>", "the prompt as token ids", idList)
    .addOption(
      new Option("--chat", "the prompt is a message: use the model's chat template").conflicts("ids"),
    )
    .option("--max <N>", "tokens at most", count("--max"), 128)
    .option("--temp <T>", "temperature; 0 is greedy", number("--temp", 0, 100, false), 0)
    .option(
      "--top-k <K>",
      "keep the K likeliest tokens; 0 is off",
      number("--top-k", 0, 2 ** 31 - 1, true),
      0,
    )
    .option(
      "--top-p <P>",
      "keep the likeliest tokens that make up P; 1 is off",
      number("--top-p", 0, 1, false),
      1,
    )
    .option(
      "--min-p <P>",
      "keep tokens at least P times as likely as the best; 0 is off",
      number("--min-p", 0, 1, false),
      0,
    )
    .option("--seed <S>", "with the position, decides each sample", number("--seed", 0, 2 ** 32 - 1, true), 0)
    .addOption(draft())
    .option("--draft-max <N>", "tokens of a draft at most", number("--draft-max", 1, maxRows, true))
    .addOption(
      new Option("--rollback <WAY>", "how rejected drafts are undone")
        .choices(["auto", "tape", "planes", "replay"])
        .default("auto"),
    )
    .option("--trace", "say on stderr what each round drafted, and what came of it")
    .addOption(json())
    .action((model, options) => generate(model, requireOne(options, ["prompt", "promptFile", "ids"])));

  modelOptions(command("complete"))
    .description("the ghost text at a place, as the editor would show it")
    .argument("<FILE:LINE:COL>", "the place, counted from 1", place)
    .option("--model <MODEL>", "the model", EMBEDDED_MODEL)
    .option(
      "--answer <TEXT>",
      "what the model is made to write: a text, @FILE, or - for standard input. No model is loaded",
    )
    .option("--seed <S>", "of the pieces in which --answer comes", number("--seed", 0, 2 ** 32 - 1, true))
    .option("--invoked", "as if asked for with the key, not while typing")
    .option("--setting <NAME=VALUE>", "a setting of VS Code, as often as needed; JSON or a word", setting)
    .option("--selected <TEXT>", "the row that IntelliSense has chosen")
    .addOption(draft())
    .option("--draft-max <N>", "tokens of a draft at most", number("--draft-max", 1, maxRows, true))
    .addOption(json())
    .action((place, options) => {
      if (options.seed !== undefined && options.answer === undefined)
        throw new CommanderError(2, "foretype.needs", "error: --seed is for --answer.");
      return complete(place, options);
    });

  modelOptions(command("edit <FILE>"))
    .description("the next edits that would be proposed in a file after its recorded typing")
    .requiredOption("--history <RECORDING.jsonl>", "a recording that ends with the file as it is")
    .option(
      "--model <MODEL>",
      "an edit model, whose name tells its format: what it is asked and answers is shown too",
    )
    .option("--answer <TEXT>", "what it answers, without loading it; @FILE, or - for standard input")
    .addOption(json())
    .action(edit);

  modelOptions(command("replay"))
    .description("play recorded typing: tokens computed per keystroke, latency, what was shown")
    .argument("<TRACE.jsonl...>", "recordings, played one after the other")
    .option("--model <MODEL>", "the model", EMBEDDED_MODEL)
    .option("--speed <X>", "in real time, X times as fast as typed", number("--speed", 0.01, 1000, false))
    .option("--keys", "a line for each keystroke")
    .option(
      "--repeat <N>",
      "play all of it N times, and say what memory is held",
      number("--repeat", 1, 10_000, true),
    )
    .addOption(draft())
    .option("--draft-max <N>", "tokens of a draft at most", number("--draft-max", 1, maxRows, true))
    .addOption(
      new Option(
        "--next-edit",
        "instead, without a model: the next edits that would have been shown, and what was typed there afterwards",
      ).conflicts(["speed", "keys", "repeat", "model", "draft", "draftMax"]),
    )
    .addOption(json())
    .action((paths, options) =>
      options.nextEdit ? replayNextEdits(paths, options) : replay(paths, options),
    );

  modelOptions(command("bench [MODEL]"))
    .description("medians and ratios from one run, or a report to read and to send")
    .option("--suite <LIST>", `of ${suites.join(", ")}`, suiteList, defaultSuites)
    .option("--rounds <N>", "counted rounds, after one that is not", count("--rounds"), 5)
    .addOption(new Option("--peer <NAME>", "an engine to run in turns with ours").choices(["llama.cpp"]))
    .addOption(
      new Option(
        "--report <FOLDER>",
        "instead: measure decoding by context, prompts, passes of several rows and drafts, and write report.html, report.md and report.json there",
      ).conflicts(["suite", "rounds", "peer"]),
    )
    .option("--quick", "with --report: less of each, in two minutes")
    .option(
      "--budget <SECONDS>",
      "with --report: the time that it may take (default: 600)",
      count("--budget"),
    )
    .option(
      "--compare <FILE>",
      "an earlier report: of --report its report.json, else what --json has printed",
    )
    .addOption(json())
    .action((model, { report, ...options }) => {
      const name = model ?? EMBEDDED_MODEL;
      if (report !== undefined) return benchReport(name, { ...options, report });
      for (const option of ["quick", "budget"] as const)
        if (options[option] !== undefined)
          throw new CommanderError(2, "foretype.needs", `error: --${option} is for --report.`);
      return bench(name, { ...options, suites: options.suite, peer: options.peer !== undefined });
    });

  modelOptions(command("profile <MODEL>"))
    .description("where the time of a decode step, of verify passes and of a prompt goes, kernel by kernel")
    .addOption(
      new Option(
        "--compile-only",
        "instead: compile every plan of a session and run none, and print what they are made of as JSON; a file's header is enough, and `--device none` only records",
      ).conflicts(["at", "rounds", "memory", "choose"]),
    )
    .option("--rows <LIST>", "passes of so many rows, such as 1,4,16", rowList)
    .option("--at <N>", "positions before what is run (default: 0)", number("--at", 0, 2 ** 31 - 1, true))
    .option("--rounds <N>", "counted runs of each, after one that is not", count("--rounds"), 5)
    .option(
      "--choose",
      "measure again which variants of kernels are the quickest here; they are used from the next start on",
    )
    .addOption(json())
    .action((model, { compileOnly, ...options }) =>
      compileOnly ? profile(model, options) : profileModel(model, options),
    );

  // For each subcommand too: commander copies these only to commands made after they are set.
  root.command(PEER_CHILD, { hidden: true }).action(runPeerChild);
  return root;
}

function modelCommands(models: Command): void {
  const command = (usage: string) =>
    models
      .command(usage)
      .option(
        "--folder <PATH>",
        "where models lie (default: FORETYPE_MODELS, or the system's folder for data)",
      )
      .addOption(json());
  const memory = new Option("--memory <BYTES>", "GPU memory to choose for").argParser(bytes("--memory"));

  command("list")
    .description("models that are here, and the catalogue with what fits the GPU")
    .addOption(memory)
    .option("--device <NAME>", deviceHelp)
    .action(listCommand);

  command("pull <NAME>")
    .description(
      "download a model: an id of the catalogue, OWNER/REPO, OWNER/REPO:QUANT, OWNER/REPO/FILE.gguf, or an address",
    )
    .addOption(memory)
    .option("--hub <URL>", "the Hub or a mirror of it (default: HF_ENDPOINT, or the Hub)")
    .action(pullCommand);

  command("rm <NAME>").description("delete a model, or what is left of its download").action(removeCommand);

  command("verify <NAME>").description("compute a model's checksum again").action(verifyCommand);
}

/** @throws CommanderError unless exactly one of `names` is given. */
function requireOne<T extends Record<string, unknown>>(options: T, names: readonly string[]): T {
  const flags = names.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
  if (names.filter((name) => options[name] !== undefined).length !== 1) {
    throw new CommanderError(2, "foretype.oneOf", `error: give exactly one of ${flags.join(", ")}.`);
  }
  return options;
}

/** commander's message as one sentence; what commander itself advises in a second one, if it does, else where to look. */
function usageSentence(message: string, help: string): string {
  const text = inOneLine(message)
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.? ?$/, "");
  const [, wrong, advice] =
    /^(.*? (?:is invalid(?: for argument '[^']*')?|for '[^']*'))\. (.*)$/.exec(text) ?? [];
  const sentence = advice
    ? `${wrong}: ${advice.charAt(0).toLowerCase()}${advice.slice(1)}`
    : `${text}: see \`${help}\``;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** What to type for the help of the command that the arguments begin with. */
function helpFor(root: Command, args: readonly string[]): string {
  const words = ["foretype"];
  let at: Command | undefined = root;
  for (const arg of args) {
    at = at.commands.find((command) => command.name() === arg);
    if (!at) break;
    words.push(arg);
  }
  return [...words, "--help"].join(" ");
}

/** One sentence on stderr; the exit status. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // --help, --version
    const noCommand = error.code === "commander.help";
    const message = noCommand ? "no command is given" : error.message;
    console.error(usageSentence(message, helpFor(root, process.argv.slice(2))));
    return 2;
  }
  if (error instanceof UserError) {
    console.error(error.message);
    return 1;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const advice = "set FORETYPE_DEBUG=1 to see where, and report it";
  console.error(
    process.env.FORETYPE_DEBUG ? stack : sentenceOf({ problem: `Foretype failed (${message})`, advice }),
  );
  return 1;
}

process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") process.exit(0); // `foretype … | head` has seen enough
  const advice = "free space there, or write elsewhere";
  process.exit(
    report(new UserError({ code: "disk", problem: `The output cannot be written (${code})`, advice })),
  );
});
process.stderr.on("error", () => {}); // nothing can be said there, and the exit status still says how it went
// What nobody awaits fails in a sentence too.
process.on("uncaughtException", (error) => process.exit(report(error)));

const root = program();
try {
  await root.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
