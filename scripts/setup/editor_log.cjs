// Replaces @vscode/spdlog in the editor of the tests, whose native module would need a compiler and 20 s of it.
// Appends at once, so that a test may read the log right after what it logs; files do not rotate.
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  /** @param {string} _type @param {string} _name @param {string} path */
  constructor(_type, _name, path) {
    this.path = path;
    this.level = 0;
    this.formatted = true;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** @param {number} level @param {string} message */
  write(level, message) {
    if (level < this.level) return;
    const at = this.formatted ? `${new Date().toISOString()} [${LEVELS[level]}] ` : "";
    appendFileSync(this.path, `${at}${message}${this.formatted ? "\n" : ""}`);
  }

  /** @param {string} message */
  trace(message) {
    this.write(0, message);
  }
  /** @param {string} message */
  debug(message) {
    this.write(1, message);
  }
  /** @param {string} message */
  info(message) {
    this.write(2, message);
  }
  /** @param {string} message */
  warn(message) {
    this.write(3, message);
  }
  /** @param {string} message */
  error(message) {
    this.write(4, message);
  }
  /** @param {string} message */
  critical(message) {
    this.write(5, message);
  }
  getLevel() {
    return this.level;
  }
  /** @param {number} level */
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.formatted = false;
  }
  setPattern() {}
  flush() {}
  drop() {}
}

/** @param {string} name @param {string} path */
const create = async (name, path) => new Logger("rotating", name, path);

// One by one: Code imports them by name, which Node must read off the source.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
