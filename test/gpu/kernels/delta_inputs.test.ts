import { expect, test } from "vitest";
import { l2Norm, rmsNorm, sigmoid, silu, softplus } from "../../reference/formulas.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { type DeltaScene, deltaScene, runDeltaLayer, strideOf } from "../support/delta_layer.ts";
import { deltaReference, gatedReference } from "../support/delta_operation.ts";
import { eachDevice } from "../support/devices.ts";
import { fixtureCases, fixtureFloats } from "../support/fixtures.ts";
import { shapes } from "../support/layers.ts";
import { withLanes } from "../support/test_bed.ts";

const h = shapes({ delta: { headSize: 32, keyHeads: 2, valueHeads: 4 } });
const { channels, valueHeads, headSize, keyHeads } = h.delta;

/** silu(Σ_j w_j · raw_{t + j}) for row t and every channel, in f64; raw rows before position 0 are zeros. */
function convolved({ raw, conv, position }: DeltaScene, t: number): Float64Array {
  return Float64Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      if (position + t - 3 + j >= 0) sum += raw[(t + j) * channels + c]! * conv[4 * c + j]!;
    }
    return silu(sum);
  });
}

/** The row's heads are those of `y`, q and k heads made unit vectors. */
function expectHeads(mixed: Float32Array, t: number, y: Float64Array, what: string): void {
  for (let head = 0; head < channels / headSize; head++) {
    const c = y.subarray(head * headSize, (head + 1) * headSize);
    const expected = head < 2 * keyHeads ? l2Norm(c, h.epsilon) : c;
    const at = t * channels + head * headSize;
    expectClose(mixed.subarray(at, at + headSize), expected, 1e-6, `${what}, row ${t}, head ${head}`);
  }
}

interface Fixture {
  readonly case: string;
  readonly T: number;
  readonly channels: number;
}

eachDevice((bed) => {
  for (const [position, rows] of [
    [0, 1],
    [0, 7], // the first rows have less history than taps
    [2, 64],
    [125, 7], // across the end of the tape
    [1000, 64], // the tape went around seven times
  ] as const) {
    test(`a prompt's ${rows} rows from position ${position}: convolution, SiLU, unit q and k, gates, gated norm`, async () => {
      const seed = 1000 + position;
      const what = `seed ${seed}`;
      const s = deltaScene(h, { position, rows }, seededRandom(seed));
      const { mixed, gates, delta, out } = await runDeltaLayer(bed(), "prompt", s);
      expectWritten(mixed, (i) => i < rows * channels, `${what}, mixed`);
      expectWritten(gates, (i) => i < rows * 2 * valueHeads, `${what}, gates`);
      expectWritten(out, (i) => i < rows * valueHeads * headSize, `${what}, out`);
      for (let t = 0; t < rows; t++) {
        expectHeads(mixed, t, convolved(s, t), what);
        const proj = s.proj.subarray(t * strideOf(h), (t + 1) * strideOf(h));
        for (let v = 0; v < valueHeads; v++) {
          const alpha = proj[valueHeads * headSize + v]!;
          const beta = proj[valueHeads * headSize + valueHeads + v]!;
          const got = [...gates.subarray((t * valueHeads + v) * 2, (t * valueHeads + v) * 2 + 2)];
          expectClose(
            got,
            [s.a[v]! * softplus(alpha + s.dt[v]!), sigmoid(beta)],
            1e-6,
            `${what}, gates of row ${t}`,
          );

          const at = (t * valueHeads + v) * headSize;
          const z = proj.subarray(v * headSize, (v + 1) * headSize);
          const u = rmsNorm(delta.subarray(at, at + headSize), s.norm, h.epsilon).map(
            (o, i) => o * silu(z[i]!),
          );
          expectClose(out.subarray(at, at + headSize), u, 1e-6, `${what}, gated norm of row ${t}`);
        }
      }
    });
  }

  for (const [position, rows] of [
    [0, 1],
    [0, 7],
    [125, 7],
    [1000, 64],
  ] as const) {
    test(`the row path's ${rows} rows from position ${position}: the same, and the recurrence between them`, async () => {
      const seed = 1200 + position;
      const what = `seed ${seed}`;
      const s = deltaScene(h, { position, rows }, seededRandom(seed));
      const { gates, out, slots } = await runDeltaLayer(bed(), "rows", s);
      const size = valueHeads * headSize;
      expectWritten(gates, (i) => i < rows * 2 * valueHeads, `${what}, gates`);
      expectWritten(out, (i) => i < rows * size, `${what}, out`);
      const heads = (from: number, count: number, unit: boolean) =>
        Float32Array.from(
          Array.from({ length: rows }, (_, t) => convolved(s, t)).flatMap((c) =>
            Array.from({ length: count }, (_, head) => {
              const at = (from + head) * headSize;
              const y = c.subarray(at, at + headSize);
              return [...(unit ? l2Norm(y, h.epsilon) : y)];
            }).flat(),
          ),
        );
      const projected = (column: number, of: (x: number, v: number) => number) =>
        Float32Array.from({ length: rows * valueHeads }, (_, i) => {
          const v = i % valueHeads;
          return of(s.proj[Math.floor(i / valueHeads) * strideOf(h) + size + column * valueHeads + v]!, v);
        });
      const g = projected(0, (alpha, v) => s.a[v]! * softplus(alpha + s.dt[v]!));
      const beta = projected(1, sigmoid);
      const isG = (_: number, i: number) => i % 2 === 0;
      expectClose(gates.filter(isG).subarray(0, g.length), g, 1e-6, `${what}, g`);
      expectClose(gates.filter((x, i) => !isG(x, i)).subarray(0, g.length), beta, 1e-6, `${what}, β`);
      const inputs = {
        q: heads(0, keyHeads, true),
        k: heads(keyHeads, keyHeads, true),
        v: heads(2 * keyHeads, valueHeads, false),
        g,
        beta,
        state: s.state,
      };
      const expected = deltaReference({ ...h.delta, tokens: rows, snapshots: 1 }, inputs);
      const rowInputs = { proj: s.proj, vectors: Float32Array.from([...s.a, ...s.dt, ...s.norm]) };
      const u = gatedReference(h.delta, expected.out, rowInputs);
      expectClose(out.subarray(0, u.length), u, 5e-6, `${what}, out`);
      expectClose(slots.subarray(0, s.state.length), expected.slots, 3e-6, `${what}, state`);
    });
  }

  test("a GPU's passes have the same bits, narrow or wide enough for heads to be cut (I3)", async () => {
    const seed = 1300;
    const big = shapes({ delta: { headSize: 64, keyHeads: 1, valueHeads: 2 } });
    const s = deltaScene(big, { position: 220, rows: 9 }, seededRandom(seed));
    const gpu = withLanes(bed().gpu, "several");
    const narrow = await runDeltaLayer(bed(), "rows", s, { width: 16, gpu });
    const wide = await runDeltaLayer(bed(), "rows", s, { width: 64, gpu });
    expectWritten(narrow.delta, () => false, `seed ${seed}, one dispatch`);
    expectWritten(wide.delta, (i) => i < s.rows * 128, `seed ${seed}, two dispatches`);
    for (const name of ["out", "slots", "gates"] as const) {
      expectSameBits(narrow[name], wide[name], `seed ${seed}, ${name}`);
    }
  });

  test("gates far from zero neither overflow nor lose their sign, and a head of zeros stays zero", async () => {
    const s = deltaScene(h, { position: 5, rows: 4 }, seededRandom(1101));
    const proj = s.proj.slice();
    const inputs = [-200, -30, 25, 200];
    for (const [t, x] of inputs.entries()) {
      for (let i = 0; i < 2 * valueHeads; i++) proj[t * strideOf(h) + valueHeads * headSize + i] = x;
      proj.fill(x, t * strideOf(h), t * strideOf(h) + headSize); // z of the first head
    }
    const raw = s.raw.map((m, i) => (i % channels < headSize ? 0 : m)); // the q head
    const extreme = { ...s, proj, raw, a: Float32Array.of(-1, -20, -1, -20), dt: new Float32Array(4) };
    const { mixed, gates, delta, out } = await runDeltaLayer(bed(), "prompt", extreme);
    for (const [t, x] of inputs.entries()) {
      for (let v = 0; v < valueHeads; v++) {
        const g = gates[(t * valueHeads + v) * 2]!;
        expect(g).toBeLessThanOrEqual(0);
        expect(Math.abs(g - extreme.a[v]! * softplus(x))).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(g)));
        expect(Math.abs(gates[(t * valueHeads + v) * 2 + 1]! - sigmoid(x))).toBeLessThanOrEqual(1e-7);
      }
      const at = t * valueHeads * headSize;
      const u = rmsNorm(delta.subarray(at, at + headSize), s.norm, h.epsilon).map((o) => o * silu(x));
      for (const [i, expected] of u.entries()) {
        expect(Math.abs(out[at + i]! - expected)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(expected)));
      }
      expect(mixed.subarray(t * channels, t * channels + headSize).every((q) => q === 0)).toBe(true);
    }
  });

  test("rows beside each other are bit-equal to rows alone (I3)", async () => {
    const seed = 1102;
    const s = deltaScene(h, { position: 126, rows: 9 }, seededRandom(seed));
    const together = await runDeltaLayer(bed(), "prompt", s);
    for (let t = 0; t < s.rows; t++) {
      const alone = await runDeltaLayer(bed(), "prompt", {
        ...s,
        position: s.position + t,
        rows: 1,
        raw: s.raw.subarray(t * channels, (t + 4) * channels),
        proj: s.proj.subarray(t * strideOf(h), (t + 1) * strideOf(h)),
      });
      for (const name of ["mixed", "gates"] as const) {
        const size = name === "mixed" ? channels : 2 * valueHeads;
        const row = together[name].subarray(t * size, (t + 1) * size);
        expectSameBits(alone[name].subarray(0, size), row, `seed ${seed}, ${name} of row ${t}`);
      }
    }
  });

  for (const fixture of fixtureCases<Fixture>("op_conv")) {
    test(`${fixture.case}: the convolution and SiLU that llama.cpp's operators return`, async () => {
      const floats = (part: string) => fixtureFloats("op_conv", `${fixture.case}.${part}`);
      expect(fixture.channels).toBe(channels);
      const columns = fixture.T + 3;
      const x = floats("x"); // [T + 3, C]
      const s = deltaScene(h, { position: 100, rows: fixture.T }, seededRandom(1103));
      const raw = Float32Array.from(
        { length: x.length },
        (_, i) => x[(i % channels) * columns + Math.floor(i / channels)]!,
      );
      const { mixed } = await runDeltaLayer(bed(), "prompt", { ...s, raw, conv: floats("w") });
      const y = Float64Array.from(floats("y")); // [C, T]
      for (let t = 0; t < fixture.T; t++)
        expectHeads(mixed, t, y.subarray(t * channels, (t + 1) * channels), fixture.case);
    });
  }
});
