import type { Line, Point } from "./line.ts";

/** A quantity over another one, both from zero upwards. */
export interface Curve {
  readonly name: string;
  readonly unit: string;
  /** Of the axis along the bottom: `h`, `rows`. */
  readonly xUnit: string;
  readonly points: readonly Point[];
  /** Left out where there are too few points. */
  readonly line?: Line | undefined;
}

const [width, height] = [360, 150]; // of a panel, pixels
const [left, right, top, bottom] = [44, 12, 26, 26]; // margins within it
const columns = 2;

/** A panel for each curve, with its points and its line, each with axes of its own that begin at zero, as an SVG file. */
export function plotOf(title: string, curves: readonly Curve[]): string {
  const rows = Math.ceil(curves.length / columns);
  const panels = curves.map((curve, i) => {
    const at = `translate(${(i % columns) * width} ${28 + Math.floor(i / columns) * height})`;
    return `<g transform="${at}">\n${panelOf(curve)}\n</g>`;
  });
  const size = [columns * width, 28 + rows * height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(" ")}" width="${size[0]}" height="${size[1]}" font-family="sans-serif" font-size="11" fill="#222">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="18" font-size="13">${escaped(title)}</text>
${panels.join("\n")}
</svg>
`;
}

function panelOf({ name, unit, xUnit, points, line }: Curve): string {
  const mostX = Math.max(...points.map(([x]) => x));
  const mostY = topOf(Math.max(...points.map(([, y]) => y)));
  const x = (at: number) => (left + (at / mostX) * (width - left - right)).toFixed(1);
  const y = (value: number) => (height - bottom - (value / mostY) * (height - top - bottom)).toFixed(1);
  const says = line
    ? `${name}: ${signed(line.slope)} ± ${rounded(line.error)} ${unit}/${xUnit}`
    : `${name}, ${unit}`;
  const level = (value: number) =>
    `<path d="M${x(0)} ${y(value)}H${x(mostX)}" stroke="#ddd"/><text x="${left - 4}" y="${Number(y(value)) + 4}" text-anchor="end">${value}</text>`;
  return [
    `<text x="${left}" y="16">${escaped(says)}</text>`,
    ...[0, mostY / 2, mostY].map(level),
    ...[0, mostX / 2, mostX].map(
      (at) =>
        `<text x="${x(at)}" y="${height - 8}" text-anchor="middle">${Number(at.toFixed(2))} ${escaped(xUnit)}</text>`,
    ),
    ...(line ? [pathOf(line, points[0]![0], mostX, x, y)] : []),
    `<polyline points="${points.map(([at, value]) => `${x(at)},${y(value)}`).join(" ")}" fill="none" stroke="#0b62c4" stroke-width="1.5"/>`,
  ].join("\n");
}

type Scale = (value: number) => string;

function pathOf({ at0, slope }: Line, from: number, to: number, x: Scale, y: Scale): string {
  const end = (at: number) => `${x(at)} ${y(at0 + slope * at)}`;
  return `<path d="M${end(from)}L${end(to)}" stroke="#c4560b" stroke-dasharray="4 3"/>`;
}

/** The least round number that is no less: 1, 2, 4, 5 or 8 times a power of ten. */
function topOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 4, 5, 8].find((it) => it * power >= value) ?? 10) * power;
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${rounded(Math.abs(value))}`;

/** In three digits after the point, or as many as tell it from nothing. */
const rounded = (value: number): string =>
  value === 0 || value >= 0.01 ? value.toFixed(3) : value.toPrecision(2);

const escaped = (text: string): string => text.replace(/[&<>]/g, (it) => `&#${it.charCodeAt(0)};`);
