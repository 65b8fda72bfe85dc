import { expect, test } from "vitest";
import { pathInWorkspace } from "../../../extension/editor/folders.ts";

const folders = (...paths: readonly string[]) =>
  paths.map((path) => ({ path, name: path.split("/").filter(Boolean).at(-1)! }));

test("in one folder a path begins in it; outside of any it is whole", () => {
  expect(pathInWorkspace("/w/a/src/x.ts", folders("/w/a"))).toEqual({ path: "src/x.ts" });
  expect(pathInWorkspace("/w/ab/x.ts", folders("/w/a"))).toEqual({ path: "/w/ab/x.ts" });
  expect(pathInWorkspace("/x.ts", folders("/"))).toEqual({ path: "x.ts" });
  expect(pathInWorkspace("Untitled-1", [])).toEqual({ path: "Untitled-1" });
});

test("in several folders the same path within them differs by the folder's name", () => {
  const both = folders("/w/a", "/w/b");
  expect(pathInWorkspace("/w/a/src/x.ts", both)).toEqual({ path: "a/src/x.ts", folder: "a" });
  expect(pathInWorkspace("/w/b/src/x.ts", both)).toEqual({ path: "b/src/x.ts", folder: "b" });
});

test("folders of one name differ by the folders above them", () => {
  const both = folders("/w/one/app", "/w/two/app", "/w/lib");
  expect(pathInWorkspace("/w/one/app/x.ts", both).path).toBe("one/app/x.ts");
  expect(pathInWorkspace("/w/two/app/x.ts", both).path).toBe("two/app/x.ts");
  expect(pathInWorkspace("/w/lib/x.ts", both).path).toBe("lib/x.ts");
  const deep = folders("/w/one/src/app", "/w/two/src/app");
  expect(pathInWorkspace("/w/two/src/app/x.ts", deep).path).toBe("two/src/app/x.ts");
});

test("a folder in another folder of the workspace has its own files", () => {
  const both = folders("/w", "/w/packages/a");
  expect(pathInWorkspace("/w/packages/a/x.ts", both)).toEqual({ path: "a/x.ts", folder: "a" });
  expect(pathInWorkspace("/w/packages/b/x.ts", both)).toEqual({ path: "w/packages/b/x.ts", folder: "w" });
});
