import { withHiddenShown } from "../../words/index.ts";

// What all pages share: their data, messages to the extension, and making elements without markup.

interface Host {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): Host;

export const host: Host = acquireVsCodeApi();

/** Draws now with what the page was opened with (or showed last), and again with each update. */
export function follow<Data>(draw: (data: Data) => void): void {
  const first = host.getState() ?? JSON.parse(document.getElementById("data")!.textContent!);
  if (first !== null) draw(first as Data);
  addEventListener("message", ({ data }: MessageEvent<{ kind?: unknown; data?: unknown }>) => {
    if (data?.kind !== "data" || data.data == null) return;
    host.setState(data.data);
    draw(data.data as Data);
  });
  host.postMessage({ kind: "ready" });
}

export type Child = Node | string | null | undefined;

/** Replaces what the page shows; what is null is left out. */
export function show(...children: readonly Child[]): void {
  document.getElementById("page")!.replaceChildren(...children.filter((child) => child != null));
}

/** An element with text and children; text is never read as markup, and no character of it is hidden. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  const shown = children.filter((child) => child != null);
  element.append(...shown.map((child) => (typeof child === "string" ? withHiddenShown(child) : child)));
  return element;
}

export function button(
  label: string,
  onClick: () => void,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  const element = el("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}

export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const cell = (tag: "td" | "th") => (child: Child, index: number) =>
    el(tag, index > 0 ? { class: "number" } : {}, child ?? "–");
  return el(
    "table",
    {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head.map(cell("th")))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell("td"))))),
  );
}
