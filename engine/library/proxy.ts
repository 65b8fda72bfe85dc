import { UserError } from "../errors/index.ts";

/**
 * A `fetch` that goes by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case; undefined where none is set. For the command
 * line: an editor's own fetch knows the editor's proxy.
 * @throws UserError for a proxy that is no address of HTTP
 */
export async function proxiedFetch(env: NodeJS.ProcessEnv = process.env): Promise<typeof fetch | undefined> {
  const read = (name: string) => env[name.toLowerCase()] ?? env[name];
  const [httpProxy, httpsProxy, noProxy] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].map(read);
  if (!httpProxy && !httpsProxy) return undefined;
  const wrong = [httpProxy, httpsProxy].find(
    (it) => it && !/^https?:\/\/./i.test(URL.canParse(it) ? it : ""),
  );
  if (wrong) {
    throw new UserError({
      code: "setting",
      problem: `The proxy "${wrong}" is no address of an HTTP proxy`,
      advice: "set it to one such as http://proxy.example:3128",
    });
  }
  // Its own fetch as well: a dispatcher of one version of undici does not go with another's fetch, and each Node has its own.
  const undici = await import("undici");
  const dispatcher = new undici.EnvHttpProxyAgent({
    httpProxy: httpProxy ?? "",
    httpsProxy: httpsProxy ?? httpProxy ?? "",
    noProxy: noProxy ?? "",
  });
  return (input, init) =>
    undici.fetch(input as string, { ...(init as object), dispatcher }) as unknown as Promise<Response>;
}
