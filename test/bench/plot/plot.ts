import type { Slope } from "./line.ts";

/** A quantity over time, from zero upwards. */
export interface Curve {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly (readonly [hours: number, value: number])[];
  /** Left out where there are too few points. */
  readonly slope?: Slope | undefined;
}

const [width, height] = [360, 150]; // of a panel, pixels
const [left, right, top, bottom] = [44, 12, 26, 26]; // margins within it
const columns = 2;

/** A panel for each curve, each with an axis of its own that begins at zero, as an SVG file. */
export function plotOf(title: string, curves: readonly Curve[]): string {
  const hours = Math.max(...curves.flatMap(({ points }) => points.map(([x]) => x)));
  const rows = Math.ceil(curves.length / columns);
  const panels = curves.map((curve, i) => {
    const at = `translate(${(i % columns) * width} ${28 + Math.floor(i / columns) * height})`;
    return `<g transform="${at}">\n${panelOf(curve, hours)}\n</g>`;
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

function panelOf({ name, unit, points, slope }: Curve, hours: number): string {
  const most = topOf(Math.max(...points.map(([, y]) => y)));
  const x = (at: number) => (left + (at / hours) * (width - left - right)).toFixed(1);
  const y = (value: number) => (height - bottom - (value / most) * (height - top - bottom)).toFixed(1);
  const line = points.map(([at, value]) => `${x(at)},${y(value)}`).join(" ");
  const says = slope ? `${name}: ${signed(slope.slope)} ± ${slope.error.toFixed(3)} ${unit}/h` : name;
  const level = (value: number) =>
    `<path d="M${x(0)} ${y(value)}H${x(hours)}" stroke="#ddd"/><text x="${left - 4}" y="${Number(y(value)) + 4}" text-anchor="end">${value}</text>`;
  return [
    `<text x="${left}" y="16">${escaped(says)}</text>`,
    ...[0, most / 2, most].map(level),
    ...[0, hours / 2, hours].map(
      (at) => `<text x="${x(at)}" y="${height - 8}" text-anchor="middle">${Number(at.toFixed(2))} h</text>`,
    ),
    `<polyline points="${line}" fill="none" stroke="#0b62c4" stroke-width="1.5"/>`,
  ].join("\n");
}

/** The least round number that is no less: 1, 2, 4, 5 or 8 times a power of ten. */
function topOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 4, 5, 8].find((it) => it * power >= value) ?? 10) * power;
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

const escaped = (text: string): string => text.replace(/[&<>]/g, (it) => `&#${it.charCodeAt(0)};`);
