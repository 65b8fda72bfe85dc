/** How a file is indented, as an editor detects it: by what most indented lines begin with. */
export function indentationOf(text: string): { tabSize: number; insertSpaces: boolean } {
  const tabs = text.match(/^\t/gm)?.length ?? 0;
  const spaces = text.match(/^ {2,}/gm) ?? [];
  const widths = spaces.map((white) => white.length);
  const tabSize = widths.length > 0 ? Math.max(2, Math.min(...widths)) : 4;
  return { tabSize, insertSpaces: spaces.length >= tabs };
}
