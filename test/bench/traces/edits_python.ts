// What is typed in the Python traces.
import assert from "node:assert/strict";
import { edited, type Made, read } from "./made.ts";
import { createTypist } from "./typist.ts";

const PYTHON =
  "Lib of CPython 3.11, edited for this trace; PSF License Version 2, see sources/PYTHON-LICENSE.txt; " +
  "Copyright (c) 2001-2023 Python Software Foundation; All Rights Reserved";

/** A feature that was left out, put into the middle of a class: signature, body, documentation and back. */
export function fixBug(): Made {
  const before = read("graphlib.py");
  const typist = createTypist({ title: "fixing a bug in the middle", origin: PYTHON }, 2);
  typist.open("graphlib.py", "python", before, 4);

  typist.go("            if stat != _NODE_OUT:█");
  typist.type("\n                if not strict and stat == _NODE_DONE:\n                    continue");
  typist.go("    def done(self, *nodes█):");
  typist.type(", strict=True");
  typist.go('node has not yet been returned by "get_ready".█\n        """\n\n        if');
  typist.type(
    "\n\n        A node that is done already is passed over if *strict* is false, and costs nothing.",
  );
  typist.go("                if not strict and stat == _NODE_DONE:█");
  typist.type("\n                    # Nothing is left to do for it: its successors know already.");
  typist.go("            self._nfinished += 1█");
  typist.type("\n        return self._nfinished");
  typist.go("        for node in nodes:█\n\n");
  typist.backspace(6);
  typist.type("set(nodes):");
  typist.go("self.done(*node_group█)");
  typist.type(", strict=False");
  typist.go("            node_group = self.get_ready()█");
  typist.type("\n            if not node_group:\n                break");

  const wanted = edited(
    before,
    [
      "            if stat != _NODE_OUT:",
      "            if stat != _NODE_OUT:\n                if not strict and stat == _NODE_DONE:\n" +
        "                    # Nothing is left to do for it: its successors know already.\n                    continue",
    ],
    ["def done(self, *nodes):", "def done(self, *nodes, strict=True):"],
    [
      'node has not yet been returned by "get_ready".\n        """\n\n        if',
      'node has not yet been returned by "get_ready".\n\n' +
        '        A node that is done already is passed over if *strict* is false, and costs nothing.\n        """\n\n        if',
    ],
    ["            self._nfinished += 1", "            self._nfinished += 1\n        return self._nfinished"],
    ["        for node in nodes:\n\n", "        for node in set(nodes):\n\n"],
    ["self.done(*node_group)", "self.done(*node_group, strict=False)"],
    [
      "            node_group = self.get_ready()",
      "            node_group = self.get_ready()\n            if not node_group:\n                break",
    ],
  );
  return { name: "fix_bug", typist, wanted: { "graphlib.py": wanted } };
}

/** Lines that are deleted, brought back, and written in another way. */
export function retype(): Made {
  const before = read("sched.py");
  const typist = createTypist({ title: "deleting and retyping", origin: PYTHON }, 4);
  typist.open("sched.py", "python", before, 4);

  typist.go("            heapq.heappush(self._queue, event)█");
  typist.backspace(34); // to the indentation
  const emptied = typist.text;
  typist.type("self._queue.append(event)");
  typist.undoTo(emptied);
  typist.type("heapq.heappush(self._queue, event)");

  typist.go("        time = self.timefunc() + delay█");
  typist.backspace(8);
  const short = typist.text;
  typist.type(" + max(delay, 0)");
  typist.backspace(16);
  assert.equal(typist.text, short);
  typist.type(" + float(delay)");

  typist.go("            self._queue.remove(event)█");
  typist.backspace(25);
  typist.type("index = self._queue.index(event)\n            del self._queue[index]");

  typist.go("                if time > now:█");
  const untouched = typist.text;
  typist.backspace(14);
  typist.type("delay = time > now");
  typist.undoTo(untouched);
  typist.go("                    delay = True█");
  typist.backspace(4);
  typist.type("not blocking or time > now");
  typist.backspace(26);
  typist.type("True");

  typist.go("            return not self._queue█");
  typist.backspace(15);
  typist.type("len(self._queue) == 0");
  const wanted = edited(
    before,
    ["time = self.timefunc() + delay", "time = self.timefunc() + float(delay)"],
    [
      "            self._queue.remove(event)",
      "            index = self._queue.index(event)\n            del self._queue[index]",
    ],
    ["            return not self._queue\n", "            return len(self._queue) == 0\n"],
  );
  return { name: "retype", typist, wanted: { "sched.py": wanted } };
}
