import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLostDevices } from "../../../engine/server/lost_devices.ts";

const key = "intel | xe | UHD 620 | driver 31.0.101";
let folder: string;
let logs: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "foretype-lost-"));
  logs = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, "data", "lost_devices.json");
const open = (pid = 1, alive: readonly number[] = []) =>
  createLostDevices({
    path: path(),
    log: (message) => logs.push(message),
    pid,
    isAlive: (it) => alive.includes(it),
  });

function work(pid: number, lost: boolean): void {
  const devices = open(pid);
  devices.begin(key);
  devices.end(lost);
}

test("a device is left alone after its second loss, by other processes and versions too, but for another driver", () => {
  expect(open().isLost(key)).toBe(false);
  work(1, true);
  expect(open().isLost(key)).toBe(false);
  work(2, false);
  work(3, true);
  expect(open(4).isLost(key)).toBe(true);
  expect(open(4).isLost(`${key}9`)).toBe(false);
  expect(logs).toEqual([]);
});

test("work that ends well leaves no trace, and reading writes nothing", () => {
  open().isLost(key);
  expect(existsSync(path())).toBe(false);
  work(1, false);
  expect(readFileSync(path(), "utf8")).toBe("{}");
  expect(readdirSync(join(folder, "data"))).toEqual(["lost_devices.json"]);
});

test("a process that ended in the work was taken with it; one that is still at it was not", () => {
  open(1).begin(key);
  expect(open(2, [1]).isLost(key)).toBe(false);
  const third = open(3, [1]);
  third.begin(key);
  expect(open(4, [1, 3]).isLost(key)).toBe(false);
  expect(open(4, [3]).isLost(key)).toBe(false);
  third.end(true);
  expect(open(4).isLost(key)).toBe(true);
});

test("ending twice, or without having begun, counts nothing", () => {
  const devices = open();
  devices.end(true);
  devices.begin(key);
  devices.end(true);
  devices.end(true);
  expect(open(2).isLost(key)).toBe(false);
});

for (const broken of ["", "{", "[1]", "null", '{"a":{"lost":-1,"running":[]}}', '{"a":{"lost":1}}']) {
  test(`a broken file is kept under another name: ${broken}`, () => {
    open().begin(key);
    writeFileSync(path(), broken);
    expect(open(2).isLost(key)).toBe(false);
    expect(readFileSync(`${path()}.broken`, "utf8")).toBe(broken);
    expect(logs.join()).toContain("lost_devices.json.broken");
    work(3, true);
    work(4, true);
    expect(open(5).isLost(key)).toBe(true);
  });
}

test("a folder that cannot be written harms nothing", () => {
  writeFileSync(join(folder, "data"), "a file");
  work(1, true);
  expect(open().isLost(key)).toBe(false);
  expect(logs.join()).toContain("cannot be written");
});
