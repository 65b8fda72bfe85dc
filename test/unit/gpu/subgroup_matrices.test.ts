import { expect, test } from "vitest";
import { Gpu, recordingGpu, type SubgroupMatrices } from "../../../engine/gpu/index.ts";
import {
  type MatrixAdapter,
  matrixFeatures,
  subgroupMatricesOf,
} from "../../../engine/gpu/subgroup_matrices.ts";
import { matricesOffered } from "../../../engine/model/layers/matmul_matrices.ts";
import { tileVariants } from "../../../engine/model/layers/product_variants.ts";

const half = { componentType: "f16", resultComponentType: "f32" };

/** An adapter as Dawn describes it. */
const adapter = (
  subgroupMatrixConfigs: MatrixAdapter["info"]["subgroupMatrixConfigs"],
  features: readonly string[] = matrixFeatures,
): MatrixAdapter => ({
  features: new Set(features) as MatrixAdapter["features"],
  info: { subgroupMinSize: 32, ...(subgroupMatrixConfigs && { subgroupMatrixConfigs }) },
});

const unit = { rows: 16, columns: 16, inner: 16, subgroup: 32 };

/** A GPU whose units compute these, with so much memory for a workgroup. */
function gpuWith(matrices: readonly SubgroupMatrices[], bytes = 32_768, software = false): Gpu {
  const { device } = recordingGpu().gpu;
  Object.assign(device.limits, { maxComputeWorkgroupStorageSize: bytes });
  return new Gpu(device, { description: "", software, matrices });
}

test("an adapter's matrices are those of halves whose sums are f32", () => {
  const configs = [
    { componentType: "f32", resultComponentType: "f32", M: 8, N: 8, K: 8 },
    { componentType: "f16", resultComponentType: "f16", M: 16, N: 16, K: 16 },
    { ...half, M: 8, N: 16, K: 32 },
    { componentType: "i8", resultComponentType: "i32", M: 16, N: 16, K: 32 },
  ];
  expect(subgroupMatricesOf(adapter(configs))).toEqual([{ rows: 8, columns: 16, inner: 32, subgroup: 32 }]);
});

test("an adapter without one of the features, or that tells nothing of its matrices, has none", () => {
  const configs = [{ ...half, M: 16, N: 16, K: 16 }];
  expect(subgroupMatricesOf(adapter(configs))).toEqual([unit]);
  for (const missing of matrixFeatures)
    expect(
      subgroupMatricesOf(
        adapter(
          configs,
          matrixFeatures.filter((it) => it !== missing),
        ),
      ),
    ).toEqual([]);
  expect(subgroupMatricesOf(adapter(undefined))).toEqual([]);
  expect(subgroupMatricesOf({ ...adapter(configs), info: { subgroupMatrixConfigs: configs } })).toEqual([]);
});

test("they are offered behind the tiles, where the kernel can be made of one and fits into a workgroup", () => {
  const names = ["subgroup matrices, 16 columns", "subgroup matrices, 64 columns"];
  expect(matricesOffered(gpuWith([unit]))).toEqual(names);
  expect(tileVariants(gpuWith([unit]), 2560).offered.slice(-2)).toEqual(names);
  expect(matricesOffered(gpuWith([{ ...unit, columns: 8, inner: 8, subgroup: 16 }]))).toEqual(names);
  const others = [
    { ...unit, rows: 24 },
    { ...unit, columns: 32 },
    { ...unit, inner: 64 },
    { ...unit, inner: 2 },
    { ...unit, subgroup: 64 },
  ];
  for (const other of others) {
    expect(matricesOffered(gpuWith([other]))).toEqual([]);
    expect(matricesOffered(gpuWith([other, unit]))).toEqual(names);
  }
  expect(matricesOffered(gpuWith([unit], 16_384))).toEqual([]);
  expect(matricesOffered(gpuWith([unit], 32_768, true))).toEqual([]);
  expect(matricesOffered(recordingGpu().gpu)).toEqual([]);
});
