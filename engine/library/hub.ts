import { listFiles } from "@huggingface/hub";
import { UserError } from "../errors/index.ts";
import type { ModelWish } from "./names.ts";

export interface HubOptions {
  /** Address of the Hub or of a mirror; by default `HF_ENDPOINT`, else the Hub's own. */
  readonly hub?: string | undefined;
  /** By default `HF_TOKEN`. */
  readonly token?: string | undefined;
  /** By default the global one, which knows no proxy on the command line. */
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `HubOptions` with nothing left open. */
export interface HubAccess {
  /** Without a slash at its end. */
  readonly hub: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal; undefined for what is not stored as a large file. */
  readonly sha256: string | undefined;
}

const own = "https://huggingface.co";
const mostFiles = 50_000; // of a repository; those of models have some hundred

export function hubAccess(options: HubOptions = {}, env: NodeJS.ProcessEnv = process.env): HubAccess {
  const hub = (options.hub || env.HF_ENDPOINT || own).replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.canParse(hub) ? new URL(hub).protocol : "")) {
    throw new UserError({
      code: "setting",
      problem: `The Hub's address is "${hub}"`,
      advice: "give one that starts with https://",
      setting: "foretype.model.hub",
    });
  }
  const token = (options.token ?? env.HF_TOKEN)?.trim() || undefined;
  if (token && !/^hf_[\x21-\x7e]+$/.test(token)) {
    throw new UserError({
      code: "setting",
      problem: "HF_TOKEN holds no token of the Hub",
      advice: "set it to one that starts with hf_, or unset it",
    });
  }
  return { hub, token, fetch: options.fetch ?? globalThis.fetch, signal: options.signal };
}

/**
 * Every file of a repository, in folders too.
 * @throws UserError where it is missing, closed or out of reach
 */
export async function listRepository(wish: ModelWish, access: HubAccess): Promise<HubFile[]> {
  const { hub, token, signal } = access;
  const files: HubFile[] = [];
  // Pages of a listing name the next one; a mirror's may name the Hub itself, and the token goes only where the user said.
  const checkedFetch: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const url = String(input).startsWith(`${hub}/`)
      ? String(input)
      : `${new URL(hub).origin}${pathname}${search}`;
    const response = await reach(url, { ...init, ...(signal && { signal }) }, access);
    if (!response.ok) throw refusal(response, wish.repository, access);
    return response;
  };
  const params = {
    repo: wish.repository,
    revision: encodeURIComponent(wish.revision),
    recursive: true,
    hubUrl: hub,
    fetch: checkedFetch,
    ...(token && { accessToken: token }),
  };
  try {
    for await (const { type, path, size, lfs } of listFiles(params)) {
      const sha256 = /^[0-9a-f]{64}$/i.test(lfs?.oid ?? "") ? lfs!.oid.toLowerCase() : undefined;
      if (type === "file") files.push({ path: String(path), bytes: lfs?.size ?? size, sha256 });
      if (files.length > mostFiles) throw tooMany(wish, hub);
    }
  } catch (error) {
    if (error instanceof UserError || signal?.aborted) throw error;
    throw new UserError({
      code: "hub",
      problem: `${new URL(hub).host} answered with no listing of ${wish.repository}`,
      advice: "check the Hub's address",
    });
  }
  if (files.some(({ bytes }) => !Number.isSafeInteger(bytes) || bytes < 0)) {
    throw new UserError({
      code: "hub",
      problem: `${new URL(hub).host} lists a file of ${wish.repository} without its size`,
      advice: "check the Hub's address",
    });
  }
  return files;
}

const tooMany = ({ repository }: ModelWish, hub: string): UserError =>
  new UserError({
    code: "hub",
    problem: `${new URL(hub).host} lists more than ${mostFiles} files of ${repository}`,
    advice: "choose another repository, or check the Hub's address",
  });

export function fileUrl(wish: ModelWish, path: string, { hub }: HubAccess): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${hub}/${wish.repository}/resolve/${encodeURIComponent(wish.revision)}/${encoded}`;
}

/** A response of any status. @throws UserError where there is none */
export async function reach(url: string, init: RequestInit, access: HubAccess): Promise<Response> {
  try {
    return await access.fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new UserError(
      {
        code: "network",
        problem: `${new URL(url).host} cannot be reached (${reason(error)})`,
        advice: "check the connection, the proxy and the Hub's address",
      },
      { cause: error },
    );
  }
}

/** The code of what went wrong below, as fetch itself says nothing. */
function reason(error: unknown): string {
  for (let at = error as (Error & { code?: string }) | undefined; at; at = at.cause as typeof at) {
    if (at.code) return at.code;
    if (!at.cause) return at.message;
  }
  return String(error);
}

/** Statuses that may be others the next time. */
export const isTransient = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** The sentence for a status that is no success. */
export function refusal(response: Response, what: string, { hub, token }: HubAccess): UserError {
  const { status } = response;
  const host = new URL(hub).host;
  const code = response.headers.get("x-error-code") ?? "";
  if (code === "GatedRepo") {
    return new UserError({
      code: "hub",
      problem: `${what} is gated (${host} answered ${status})`,
      advice: "accept the licence on the model's page and set HF_TOKEN",
    });
  }
  if (status === 403) {
    return new UserError({
      code: "hub",
      problem: `${what} is closed to you (${host} answered 403)`,
      advice: "check what HF_TOKEN may read, and whether a proxy refused the request",
    });
  }
  if (status === 401) {
    // The Hub says 401 of repositories that do not exist, too.
    const advice = token ? "check the name and what the token may read" : "check the name, or set HF_TOKEN";
    return new UserError({
      code: "hub",
      problem: `${what} is private or does not exist (${host} answered ${status})`,
      advice: `${advice}`,
    });
  }
  if (status === 404) {
    return new UserError({
      code: "hub",
      problem: `${what} does not exist on ${host}`,
      advice: "check the name",
    });
  }
  const advice = isTransient(status) ? "try again later" : "check the Hub's address";
  return new UserError({
    code: "hub",
    problem: `${host} answered ${status} for ${what}`,
    advice: `${advice}`,
  });
}
