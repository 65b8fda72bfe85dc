import { Worker } from "node:worker_threads";

const lookMs = 500;

/**
 * Ends this process when its parent is gone, also while its own thread is blocked: a driver may hold that for minutes, and
 * the closed channel is noticed only afterwards. A thread of its own looks; at the second look that finds no parent it
 * kills, so that a thread that is free ends the process by itself, and in order.
 */
export function endWithParent(): void {
  // As text, since a file would have to be bundled and packed by itself. A process keeps its parent's id on Windows, and
  // has another one on other systems.
  const watch = `
    const parent = ${process.ppid};
    const isThere = () => {
      if (process.ppid !== parent) return false;
      try {
        process.kill(parent, 0);
        return true;
      } catch (error) {
        return error.code === "EPERM";
      }
    };
    let missed = 0;
    setInterval(() => {
      missed = isThere() ? 0 : missed + 1;
      if (missed === 2) process.kill(process.pid, "SIGKILL");
    }, ${lookMs});`;
  const worker = new Worker(watch, { eval: true, execArgv: [] });
  worker.on("error", () => {}); // without it the closed channel still ends the process
  worker.unref();
}
