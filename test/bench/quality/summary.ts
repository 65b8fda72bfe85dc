import { seededRandom } from "../../reference/random.ts";
import type { Row } from "./quality.ts";
import type { Variant } from "./variants.ts";

const metrics = ["exact", "word", "similarity", "logProbability"] as const;
type Metric = (typeof metrics)[number];

/** A paired difference, and its 95 % interval. */
interface Difference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

interface Line {
  readonly variant: string;
  readonly against: string | undefined;
  /** Places that count: both of a pair were asked and fit the context. */
  readonly places: number;
  readonly files: number;
  /** Places whose prompt does not fit the context. */
  readonly tooLong: number;
  /** Places where the model's line is another than the one compared with. */
  readonly differ: number;
  /** Of the prompt, in the mean. */
  readonly promptTokens: number;
  readonly means: Record<Metric, number>;
  readonly differences?: Record<Metric, Difference>;
}

export type Summary = Record<string, Line[]>;

const RESAMPLES = 2000;

const groups: Record<string, (row: Row) => boolean> = {
  "TypeScript and Python": () => true,
  TypeScript: ({ language }) => language === "typescript",
  Python: ({ language }) => language === "python",
  "Not within a word": ({ midWord }) => !midWord,
};

export function summarise(rows: readonly Row[], variants: readonly Variant[], seed: number): Summary {
  const byVariant = new Map<string, Map<number, Row>>();
  for (const row of rows) {
    if (!byVariant.has(row.variant)) byVariant.set(row.variant, new Map());
    byVariant.get(row.variant)!.set(row.place, row);
  }
  const lines = (wanted: (row: Row) => boolean): Line[] =>
    variants.flatMap(({ name, against }) => {
      const own = [...(byVariant.get(name)?.values() ?? [])].filter(wanted);
      const base = against === undefined ? undefined : byVariant.get(against);
      return own.length === 0 ? [] : [compare(name, against, own, base, seed)];
    });
  return Object.fromEntries(Object.entries(groups).map(([name, wanted]) => [name, lines(wanted)]));
}

function compare(
  variant: string,
  against: string | undefined,
  rows: readonly Row[],
  base: ReadonlyMap<number, Row> | undefined,
  seed: number,
): Line {
  const pairs = rows
    .filter(({ place, fits }) => fits && (!against || base?.get(place)?.fits))
    .map((row) => ({ row, other: base?.get(row.place) }));
  const each = <T>(value: (metric: Metric) => T) =>
    Object.fromEntries(metrics.map((metric) => [metric, value(metric)])) as Record<Metric, T>;
  return {
    variant,
    against,
    places: pairs.length,
    files: new Set(pairs.map(({ row }) => row.file)).size,
    tooLong: rows.filter(({ fits }) => !fits).length,
    differ: pairs.filter(({ row, other }) => other && row.text !== other.text).length,
    promptTokens: mean(pairs.map(({ row }) => row.promptTokens)),
    means: each((metric) => mean(pairs.map(({ row }) => row[metric] ?? Number.NaN))),
    ...(against && {
      differences: each((metric) =>
        bootstrap(
          pairs.map(({ row, other }) => ({ file: row.file, difference: minus(row[metric], other![metric]) })),
          seed,
        ),
      ),
    }),
  };
}

/** Not a number where one is not known. */
const minus = (a: number | null, b: number | null): number => (a ?? Number.NaN) - (b ?? Number.NaN);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Draws whole files, not places: places of one file are alike, and would make the interval too narrow. */
function bootstrap(pairs: readonly { file: string; difference: number }[], seed: number): Difference {
  const files = new Map<string, { sum: number; count: number }>();
  for (const { file, difference } of pairs) {
    const of = files.get(file) ?? { sum: 0, count: 0 };
    files.set(file, { sum: of.sum + difference, count: of.count + 1 });
  }
  const clusters = [...files.values()];
  const random = seededRandom(seed);
  const draws = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < clusters.length; i++) {
      const cluster = clusters[Math.floor(random() * clusters.length)]!;
      sum += cluster.sum;
      count += cluster.count;
    }
    return sum / Math.max(1, count);
  }).sort((a, b) => a - b);
  return {
    mean: mean(pairs.map(({ difference }) => difference)),
    low: draws[Math.floor(RESAMPLES * 0.025)]!,
    high: draws[Math.ceil(RESAMPLES * 0.975) - 1]!,
  };
}

export function printSummary(summary: Summary): void {
  for (const [group, lines] of Object.entries(summary)) {
    console.log(`**${group}**\n`);
    console.log(
      "| prompt | places | tokens | exact | word | similarity | ln p | against | differ | exact | word | similarity | ln p |",
    );
    console.log("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (const line of lines) console.log(`| ${cells(line).join(" | ")} |`);
    console.log();
  }
}

function cells({
  variant,
  against,
  places,
  tooLong,
  promptTokens,
  differ,
  means,
  differences,
}: Line): string[] {
  const percent = (value: number) => (value * 100).toFixed(1);
  const signed = (text: string) => (Number(text) > 0 ? `+${text}` : text.replace("-", "−"));
  const show = ({ mean, low, high }: Difference, digits: (value: number) => string) =>
    Number.isNaN(mean) ? "" : `${signed(digits(mean))} (${signed(digits(low))} to ${signed(digits(high))})`;
  const fixed = (value: number) => value.toFixed(3);
  return [
    variant,
    tooLong > 0 ? `${places}, ${tooLong} too long` : `${places}`,
    promptTokens.toFixed(0),
    `${percent(means.exact)} %`,
    `${percent(means.word)} %`,
    fixed(means.similarity),
    Number.isNaN(means.logProbability) ? "" : fixed(means.logProbability).replace("-", "−"),
    against ?? "",
    against ? `${percent(differ / Math.max(1, places))} %` : "",
    differences ? show(differences.exact, percent) : "",
    differences ? show(differences.word, percent) : "",
    differences ? show(differences.similarity, fixed) : "",
    differences ? show(differences.logProbability, fixed) : "",
  ];
}
