// Half-written files, with ‸ where the cursor goes, whose next characters the embedded model knows how to go on from.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./window.ts";

/** `this` goes on to something with `items`. */
export const STACK = readFileSync(join(ROOT, "test/fixtures/sample/stack.ts"), "utf8").replace(
  "      this\n",
  "      ‸\n",
);

/** `self.` goes on to something with `items`. */
export const PYTHON = `class Stack:
    def __init__(self, limit=100):
        self.items = []
        self.limit = limit

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop()

    def push_all(self, items):
        for item in items:
            ‸

    def size(self):
        return len(self.items)
`;

/** A blank line after the second `def` goes on to several. */
export const SEVERAL = `class Queue:
    def __init__(self, name, limit=100):
        self.name = name
        self.limit = limit
        self.items = []

    def size(self):
        return len(self.items)


class Stack:
    def __init__(self, name, limit=100):
        ‸

    def size(self):
        return len(self.items)
`;
