// Half-written files, with ‸ at the cursor, that the embedded model can complete.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./window.ts";

/** The model completes `this` with something that has `items`. */
export const STACK = readFileSync(join(ROOT, "test/fixtures/sample/stack.ts"), "utf8").replace(
  "      this\n",
  "      ‸\n",
);

/** The model completes `self.` with something that has `items`. */
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

/** On the blank line after the second `def` the model suggests several lines. */
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
