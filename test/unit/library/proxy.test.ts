import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { proxiedFetch } from "../../../engine/library/index.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that knows CONNECT and addresses in the request line, and the places that it was asked for. */
async function startProxy(): Promise<{ host: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer((from, to) => {
    asked.push(from.url!);
    const onwards = request(from.url!, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
    });
    from.pipe(onwards);
  });
  proxy.on("connect", (from, socket) => {
    asked.push(`CONNECT ${from.url}`);
    const [host, port] = from.url!.split(":");
    const onwards = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onwards.pipe(socket).pipe(onwards);
    });
    onwards.on("error", () => socket.destroy());
    socket.on("error", () => onwards.destroy());
  });
  return { host: await listen(proxy), asked };
}

const origin = () => listen(createServer((_, response) => response.end("GGUF")));

test("without a proxy in the environment nothing replaces fetch", async () => {
  expect(await proxiedFetch({})).toBeUndefined();
  expect(await proxiedFetch({ HTTPS_PROXY: "" })).toBeUndefined();
});

for (const name of ["HTTP_PROXY", "http_proxy"]) {
  test(`${name}: requests go through the proxy`, async () => {
    const [place, proxy] = [await origin(), await startProxy()];
    const fetch = await proxiedFetch({ [name]: `http://${proxy.host}` });
    const response = await fetch!(`http://${place}/a.gguf`, { headers: { range: "bytes=0-" } });
    expect(await response.text()).toBe("GGUF");
    expect(proxy.asked).toHaveLength(1);
    expect(proxy.asked[0]).toContain(place);
  });
}

test("HTTPS_PROXY is asked to connect to where an https address leads", async () => {
  const [place, proxy] = [await origin(), await startProxy()];
  const fetch = await proxiedFetch({ HTTPS_PROXY: `http://${proxy.host}` });
  // The origin speaks no TLS, so the request fails once the tunnel is open.
  await expect(fetch!(`https://${place}/a.gguf`)).rejects.toThrow();
  expect(proxy.asked).toEqual([`CONNECT ${place}`]);
});

test("NO_PROXY names places that are asked directly", async () => {
  const [place, proxy] = [await origin(), await startProxy()];
  const fetch = await proxiedFetch({ HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: "127.0.0.1" });
  expect(await (await fetch!(`http://${place}/a.gguf`)).text()).toBe("GGUF");
  expect(proxy.asked).toEqual([]);
});

for (const proxy of ["proxy:3128", "nonsense", "socks5://127.0.0.1:1080"]) {
  test(`the proxy ${proxy} is refused in one sentence`, () =>
    expect(proxiedFetch({ HTTPS_PROXY: proxy })).rejects.toThrowError(
      `The proxy "${proxy}" is no address of an HTTP proxy: set it to one such as http://proxy.example:3128.`,
    ));
}
