import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { dataFolder, homeFolder } from "../../../engine/system/data_folder.ts";

const unknown = () => {
  throw new Error("uv_os_homedir returned ENOENT");
};

test("a HOME that is empty, relative or unknown is not followed into the current folder", () => {
  for (const named of [() => "", () => "home", () => "./home", unknown])
    expect(homeFolder([named, () => "/home/ada"])).toBe("/home/ada");
  // Of another system, and so no whole path here.
  if (process.platform !== "win32")
    expect(homeFolder([() => "C:\\Users\\ada", () => "/home/ada"])).toBe("/home/ada");
  expect(() => homeFolder([() => "", unknown])).toThrow(UserError);
  expect(() => homeFolder([() => "", unknown])).toThrow(/no home folder.*: set HOME/);
});

test("the data folder needs no home where the environment names a folder for data", () => {
  const home = "/home/ada";
  expect(dataFolder({ XDG_DATA_HOME: "/data" }, "linux", home)).toBe("/data/foretype");
  expect(dataFolder({ XDG_DATA_HOME: "data" }, "linux", home)).toBe("/home/ada/.local/share/foretype");
  expect(dataFolder({ LOCALAPPDATA: "D:\\Local" }, "win32", home)).toBe("D:\\Local\\Foretype");
  expect(dataFolder({}, "win32", "C:\\Users\\ada")).toBe("C:\\Users\\ada\\AppData\\Local\\Foretype");
  expect(dataFolder({}, "darwin", "/Users/ada")).toBe("/Users/ada/Library/Application Support/Foretype");
});
