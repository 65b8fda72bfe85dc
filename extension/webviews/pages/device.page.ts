import type { EngineState } from "../../../engine/client/index.ts";
import type { EngineStatus, ModelDescription } from "../../../engine/contract/index.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { bytes, time } from "./format.ts";
import { button, el, follow, host, show, table } from "./page.ts";

type Described = { readonly role: "completion" | "chat" } & (ModelDescription | { readonly error: string });

interface DeviceData {
  readonly state: EngineState;
  readonly status: EngineStatus | undefined;
  readonly models: readonly Described[];
}

follow<DeviceData>(({ state, status, models }) => {
  const command = (label: string, kind: string, attributes = {}) =>
    button(label, () => host.postMessage({ kind }), attributes);
  show(
    el("h1", {}, "Model and Device"),
    el("p", { class: "lead", role: "status" }, stateSentence(state)),
    table(
      "Device",
      ["", ""],
      [
        ["device", status?.device ?? "not opened yet"],
        [
          "kind",
          status?.device ? (status.deviceIsSoftware ? "software, on the CPU: right, and slow" : "GPU") : null,
        ],
        ["held on the device", status ? bytes(status.gpuBytes) : null],
        ["may be used", mayBeUsed(status)],
        ["the engine's process", status ? bytes(status.processBytes) : null],
      ],
    ),
    ...models.map(model),
    table(
      "Loaded now",
      ["model", "context", "memory", "loaded in"],
      (status?.models ?? []).map(({ path, context, bytes: held, loadMs }) => [
        path,
        String(context),
        bytes(held),
        time(loadMs),
      ]),
    ),
    el(
      "div",
      { class: "buttons" },
      command("Manage Models…", "choose"),
      command("Unload Models", "unload", { class: "quiet" }),
      command("Restart Engine", "restart", { class: "quiet" }),
      command("Show Log", "log", { class: "quiet" }),
    ),
  );
});

function mayBeUsed(status: EngineStatus | undefined): string {
  if (!status?.device) return "known when the device is open";
  return status.memoryLimit === null
    ? "unknown, this system does not tell: the setting foretype.gpu.memoryMB sets a limit"
    : bytes(status.memoryLimit);
}

function stateSentence(state: EngineState): string {
  switch (state.kind) {
    case "stopped":
      return "The engine is not running: it starts with the first suggestion.";
    case "starting":
      return "The engine is starting.";
    case "running":
      return "The engine is running.";
    case "loading":
      return `Loading ${state.path}: ${state.step}, ${Math.round(state.fraction * 100)} %.`;
    case "crashed":
      return state.hung
        ? sentenceOf(state.hung)
        : `The engine stopped, and starts again in ${time(state.restartInMs)}.`;
    case "failed":
      return sentenceOf(state.fault);
  }
}

function model(described: Described): HTMLElement {
  const title = described.role === "completion" ? "Completes" : "Explains and refactors";
  if ("error" in described)
    return el("section", {}, el("h2", {}, title), el("p", { class: "notice" }, described.error));
  const can = [
    described.completes ? "completes code" : "cannot complete",
    described.chats ? "holds conversations" : "cannot chat (no chat template)",
    described.mtpLayers > 0 ? `drafts ahead (${described.mtpLayers} MTP)` : "no drafting head",
  ];
  return table(
    title,
    ["", ""],
    [
      ["model", described.name],
      ["can", can.join(", ")],
      [
        "size",
        `${(described.parameters / 1e6).toFixed(1)} M parameters, ${bytes(described.fileBytes)} on disk`,
      ],
      ["needs on the device", bytes(described.neededBytes)],
      ["context", `${described.contextLength} tokens`],
    ],
  );
}
