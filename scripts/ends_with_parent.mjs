// Loaded before a program that must not outlive what started it (`endsWithParent` in steps.mjs): a Ctrl+C, a kill or a closed
// window may reach the parent alone, on Windows without a word to anybody. Its end is a SIGTERM to this process. That, or another
// signal, ends it in order, so that what it started ends in its `exit` listeners; a program with listeners of its own ends by them.

const LOOK_MS = 500;
const parent = process.ppid; // Windows keeps it when the parent has ended, and other systems give another one
/** Who started this, as it says: it may have ended before this is loaded. Another one that lives is a program in between. */
const starter = Number(process.env.ENDS_WITH_PARENT || parent);
process.env.ENDS_WITH_PARENT = String(process.pid); // for what is started from here

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(1);
  });

/** @param {number} pid */
function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

const timer = setInterval(() => {
  if (process.ppid === parent && lives(parent) && (starter === parent || lives(starter))) return;
  clearInterval(timer);
  process.emit("SIGTERM", "SIGTERM");
}, LOOK_MS);
timer.unref();
