/** A fenced code block of Markdown. */
export interface Fenced {
  /** The first word after the opening fence, in lower case: `ts` of ```` ```ts title="a.ts" ````. */
  readonly language: string;
  readonly body: string;
  /** Whether a closing fence was found. */
  readonly closed: boolean;
  /** Whether a line of the body looks like another opening fence of the same kind, so that the end may be the inner one's. */
  readonly nested: boolean;
}

const FENCE = /^[ \t]*(`{3,}|~{3,})[ \t]*(.*)$/;

/** The fenced code blocks of an answer, whatever their indentation. The last one may still be written. */
export function fencedBlocks(answer: string): Fenced[] {
  const blocks: Fenced[] = [];
  let open: { readonly fence: string; readonly language: string; readonly lines: string[] } | undefined;
  let nested = false;
  const finish = (closed: boolean) => {
    if (!open) return;
    blocks.push({ language: open.language, body: open.lines.join("\n"), closed, nested });
    open = undefined;
    nested = false;
  };
  for (const line of answer.split("\n")) {
    const [, fence, info = ""] = FENCE.exec(line.trimEnd()) ?? [];
    if (!open) {
      // The info string of a block of backticks has none: that would be code within a line.
      if (fence && !(fence[0] === "`" && info.includes("`")))
        open = { fence, language: /^[^\s{:,]*/.exec(info)![0].toLowerCase(), lines: [] };
      continue;
    }
    const likeOpener = fence?.[0] === open.fence[0] && fence!.length >= open.fence.length;
    if (likeOpener && info === "") finish(true);
    else {
      nested ||= likeOpener;
      open.lines.push(line);
    }
  }
  finish(false);
  return blocks;
}
