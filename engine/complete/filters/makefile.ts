import { isBlank, leadingWhite, type Place } from "../text/index.ts";

// A target and its prerequisites; `:=`, `::=` and `?=` assign, and a `:` may be in a value.
const RULE = /^(?!\s|#)[^=#]*:(?![:]?=)(?!.*[^:]=)/;
const OPENS = /^ *if(?:n?eq|n?def)\b/;
const DIRECTIVE = /^ *(?:if(?:n?eq|n?def)|else|endif|-?include|define|endef|export|unexport|override)\b/;
const ASSIGNMENT = /^ *[\w.$(){}-]+\s*(?:[?+!]|:{1,3})?=/;

/** Recipe lines begin with a tab, or make stops with "missing separator"; other lines of a makefile stay as they are. */
export function recipesWithTabs(text: string, { above, head }: Place): string {
  if (above.some((line) => line.startsWith(".RECIPEPREFIX"))) return text;
  const reader = createReader();
  for (const line of above) reader.read(line);
  const lines = text.split("\n");
  const isWhole = (index: number) => index > 0 || head === "";
  const spaces = lines
    .filter((line, index) => isWhole(index) && /^ +\S/.test(line))
    .map((line) => line.search(/\S/));
  const least = Math.min(...spaces);
  return lines
    .map((line, index) => {
      const isSpaced = isWhole(index) && /^ [ \t]*\S/.test(line) && reader.expectsRecipe(line);
      const white = leadingWhite(line);
      const mended = isSpaced ? `\t${line.slice(white.includes("\t") ? white.length : least)}` : line;
      reader.read(isWhole(index) ? mended : head + line);
      return mended;
    })
    .join("\n");
}

/** Reads a makefile line by line. */
function createReader() {
  let inRule = false;
  let continues = false; // the line before ends with a backslash
  let conditions = 0; // between ifeq and endif
  return {
    read(line: string): void {
      if (!continues) {
        if (OPENS.test(line)) conditions++;
        else if (/^ *endif\b/.test(line)) conditions = Math.max(0, conditions - 1);
        else if (/^\S/.test(line) && !line.startsWith("#") && !DIRECTIVE.test(line)) inRule = RULE.test(line);
      }
      if (!isBlank(line)) continues = line.endsWith("\\");
    },
    /** Whether a line that begins with spaces can only be meant as a recipe's. */
    expectsRecipe: (line: string): boolean =>
      inRule && !continues && !DIRECTIVE.test(line) && !(conditions > 0 && ASSIGNMENT.test(line)),
  };
}
