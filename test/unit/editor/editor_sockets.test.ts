import { createServer } from "node:net";
import { expect, test } from "vitest";
import {
  isBrowserProbe,
  openSockets,
  parseSockets,
  socketOwners,
  staysHere,
} from "../../editor/support/sockets.ts";

const table = (...rows: string[]) =>
  [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    ...rows,
  ].join("\n");
const row = (local: string, remote: string, inode = 4711) =>
  `   0: ${local} ${remote} 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000`;

const one = (protocol: string, local: string, remote: string) =>
  parseSockets(protocol, table(row(local, remote)))[0]!;

test("addresses of the kernel's tables are read word by word", () => {
  expect(one("tcp", "0100007F:1F90", "0101A8C0:01BB")).toEqual({
    protocol: "tcp",
    local: "127.0.0.1:8080",
    remote: "192.168.1.1:443",
    inode: "4711",
  });
  expect(
    one("tcp6", "00000000000000000000000001000000:1F90", "B80D0120000000000000000001000000:01BB"),
  ).toMatchObject({
    local: "0000:0000:0000:0000:0000:0000:0000:0001:8080",
    remote: "2001:0db8:0000:0000:0000:0000:0000:0001:443",
  });
  // IPv4 in the clothes of IPv6.
  expect(
    one("tcp6", "0000000000000000FFFF00000100007F:1F90", "0000000000000000FFFF00000101A8C0:01BB"),
  ).toMatchObject({
    local: "127.0.0.1:8080",
    remote: "192.168.1.1:443",
  });
});

test.each([
  ["a connection on loopback", "tcp", "0100007F:1F90", "0100007F:9C40", true],
  ["a listener on loopback", "tcp", "0100007F:1F90", "00000000:0000", true],
  ["a listener for everyone", "tcp", "00000000:1F90", "00000000:0000", false],
  ["a connection to another machine", "tcp", "0201A8C0:9C40", "0101A8C0:01BB", false],
  ["a question to a name server", "udp", "0201A8C0:9C40", "0101A8C0:0035", false],
  ["a name server on loopback", "udp", "0100007F:9C40", "3500007F:0035", true],
  ["a socket that is not used yet", "udp", "00000000:0000", "00000000:0000", true],
])("%s", (_what, protocol, local, remote, stays) => {
  expect(staysHere(one(protocol, local, remote))).toBe(stays);
});

test("the browser's look for an IPv6 route is no connection; any other socket there is one", () => {
  const network = "/usr/lib/chromium/chromium --type=utility --utility-sub-type=network.mojom.NetworkService";
  const probe = one("udp6", "000000FD000000000000000002000000:E428", "60480120000060480000000088880000:01BB");
  expect(isBrowserProbe(probe, network)).toBe(true);
  expect(isBrowserProbe(probe, "node out/process.js")).toBe(false);
  expect(isBrowserProbe({ ...probe, protocol: "tcp6" }, network)).toBe(false);
  expect(isBrowserProbe({ ...probe, remote: "2001:0db8:0000:0000:0000:0000:0000:0001:443" }, network)).toBe(
    false,
  );
});

test.runIf(process.platform === "linux")("a socket of this process is found, with its owner", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const socket = openSockets().find(({ local }) => local === `127.0.0.1:${port}`);
  expect(socketOwners([process.pid]).get(socket!.inode)).toContain("node");
  server.close();
});
