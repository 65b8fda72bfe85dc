import { UserError } from "../errors/index.ts";
import { catalogue } from "./catalogue.ts";

/** What a person asked for. At most one of `quant` and `file` is given. */
export interface ModelWish {
  readonly repository: string;
  readonly revision: string;
  readonly quant?: string;
  /** Path in the repository. */
  readonly file?: string;
}

const part = /^(?!\.)(?!.*\.\.)[\w.-]+$/;
const forms =
  "name an id of the catalogue, OWNER/REPO, OWNER/REPO:QUANT, OWNER/REPO/FILE.gguf or an address of a model on the Hub";

/**
 * Reads a catalogue id, `OWNER/REPO`, `OWNER/REPO:QUANT`, `OWNER/REPO/FILE.gguf`, or the address of a page or file on the Hub.
 * @param hub the Hub in use; addresses of others are refused
 */
export function parseName(text: string, hub?: string): ModelWish {
  const name = text.trim();
  const entry = catalogue.find(({ id }) => id === name.toLowerCase());
  if (entry) return { repository: entry.repository, revision: "main", quant: entry.quant };
  if (/^https?:\/\//i.test(name)) return parseAddress(name, hub);
  const [, path = "", quant] = /^([^:]*)(?::([\w.-]+))?$/.exec(name.replace(/^hf:/, "")) ?? [];
  return wish(text, path.split("/"), "main", quant);
}

function parseAddress(text: string, hub: string | undefined): ModelWish {
  let url: URL;
  let segments: string[];
  try {
    url = new URL(text);
    segments = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new UserError({ code: "usage", problem: `${text} is not an address`, advice: `${forms}` });
  }
  const hosts = ["huggingface.co", "www.huggingface.co", "hf.co", ...(hub ? [new URL(hub).host] : [])];
  if (!hosts.includes(url.host)) {
    throw new UserError({
      code: "usage",
      problem: `${text} is at ${url.host}, not on the Hub at ${hosts.at(-1)}`,
      advice: "name its repository as OWNER/REPO",
    });
  }
  const [owner, repository, verb, revision, ...file] = segments;
  if (verb === undefined) return wish(text, [owner ?? "", repository ?? ""], "main");
  if (!["resolve", "blob", "tree", "raw"].includes(verb) || !revision) {
    throw new UserError({
      code: "usage",
      problem: `${text} is no page of a model or of its files`,
      advice: `${forms}`,
    });
  }
  return wish(text, [owner ?? "", repository ?? "", ...(verb === "tree" ? [] : file)], revision);
}

function wish(text: string, segments: readonly string[], revision: string, quant?: string): ModelWish {
  const [owner = "", repository = "", ...file] = segments;
  if (
    ![owner, repository, ...file].every((it) => part.test(it)) ||
    (file.length > 0 && quant !== undefined)
  ) {
    throw new UserError({ code: "usage", problem: `"${text}" names no model`, advice: `${forms}` });
  }
  const named = file.join("/");
  if (named && !/\.gguf$/i.test(named)) {
    throw new UserError({
      code: "usage",
      problem: `${named} is not a GGUF file`,
      advice: "name a file that ends in .gguf",
    });
  }
  return {
    repository: `${owner}/${repository}`,
    revision,
    ...(quant !== undefined && { quant }),
    ...(named && { file: named }),
  };
}
