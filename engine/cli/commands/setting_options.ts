import { type Checked, type PipelineSettings, readExclude, readLanguages } from "../../complete/index.ts";
import { declared, fits, wanted } from "../../settings/index.ts";
import { homeFolder } from "../../system/index.ts";
import { say } from "./terminal.ts";

/** The settings that decide a suggestion, by their names in VS Code. */
const FIELDS: Readonly<Record<string, keyof PipelineSettings>> = {
  enable: "enabled",
  languages: "languages",
  exclude: "exclude",
  trigger: "trigger",
  profile: "profile",
  eagerness: "eagerness",
  delay: "delay",
  multiline: "multiline",
  inComments: "inComments",
  maxLines: "maxLines",
  timeLimitMs: "timeLimitMs",
  speculate: "speculate",
};

/**
 * `--setting NAME=VALUE`: the value is JSON or a bare word, and the name may begin with `foretype.`.
 * @throws Error whose message says what is wrong, for a usage error
 */
export function readSettingOption(
  option: string,
  earlier: Partial<PipelineSettings> = {},
): Partial<PipelineSettings> {
  const equals = option.indexOf("=");
  const name = (equals === -1 ? option : option.slice(0, equals)).trim().replace(/^foretype\./, "");
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const schema = field && declared(name);
  if (!schema) throw new Error(`The settings are ${Object.keys(FIELDS).join(", ")}.`);
  if (equals === -1) throw new Error(`Give it a value, as in ${name}=${JSON.stringify(schema.default)}.`);
  const text = option.slice(equals + 1).trim();
  const whole = jsonIn(text) ?? text;
  if (name === "languages") return { ...earlier, languages: warned(readLanguages([whole])) };
  if (name === "exclude") return { ...earlier, exclude: warned(readExclude([whole], homeFolder())) };
  const value = [jsonIn(text), text].find((one) => fits(one, schema));
  if (value === undefined) throw new Error(`The value must be ${wanted(schema)}.`);
  return { ...earlier, [field]: value };
}

/** As in an editor, a wrong entry is named and left out. */
function warned<Value>({ value, warnings }: Checked<Value>): Value {
  for (const warning of warnings) say(warning);
  return value;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
