// Elements without markup: text is never read as such.

import type { TableText } from "../words.ts";

type Child = Node | string;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A table that scrolls by itself where the page is narrow. */
export function table({ head, rows, numbers }: TableText): HTMLElement {
  const cell = (tag: "td" | "th") => (text: string, index: number) =>
    el(tag, numbers.includes(index) ? { class: "number" } : {}, text);
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...head.map(cell("th")))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell("td"))))),
    ),
  );
}
