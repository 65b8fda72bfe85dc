import { expect, test } from "vitest";
import { hostCommand } from "../../../engine/client/index.ts";

const host = (flags: readonly string[], platform: NodeJS.Platform = "linux", env: NodeJS.ProcessEnv = {}) =>
  hostCommand({
    extensionPath: "extension",
    electron: undefined,
    execPath: "node",
    platform,
    env,
    allowedNodeEnvironmentFlags: new Set(flags),
  });

test("a host's own Node runs the engine by the permission model where it knows it, else without", () => {
  expect(host([]).flags).toEqual([]);
  expect(host(["--permission"]).flags).toContain("--permission");
});

test("what is meant for the host's own Node does not reach the engine's", () => {
  const env = {
    NODE_OPTIONS: "--inspect",
    VSCODE_INSPECTOR_OPTIONS: "{}",
    ELECTRON_RUN_AS_NODE: "1",
    LANG: "C",
  };
  const { NODE_OPTIONS, VSCODE_INSPECTOR_OPTIONS, ELECTRON_RUN_AS_NODE, LANG } = host([], "linux", env).env!;
  expect([NODE_OPTIONS, VSCODE_INSPECTOR_OPTIONS, ELECTRON_RUN_AS_NODE, LANG]).toEqual([
    undefined,
    undefined,
    undefined,
    "C",
  ]);
});

test("the engine may write to the data folder and nowhere else, on each system", () => {
  const writes = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv) =>
    host(["--permission"], platform, env).flags!.filter((flag) => flag.startsWith("--allow-fs-write"));
  expect(writes("linux", { XDG_DATA_HOME: "/home/me/data" })).toEqual([
    "--allow-fs-write=/home/me/data/foretype/*",
  ]);
  expect(writes("win32", { LOCALAPPDATA: "D:\\Local Data" })).toEqual([
    "--allow-fs-write=D:\\Local Data\\Foretype\\*",
  ]);
  expect(writes("darwin", {})[0]).toMatch(
    /^--allow-fs-write=\/.*\/Library\/Application Support\/Foretype\/\*$/,
  );
});
