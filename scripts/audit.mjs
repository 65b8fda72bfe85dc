// Known vulnerabilities of the packages that are in the bundles, as the registry tells them.
import { npm, Stop } from "./steps.mjs";

/** Severities that stop the tests; `npm audit` has others, which are mentioned. */
const GRAVE = ["high", "critical"];
const TIMEOUT_MS = 60_000;

/**
 * A remark for the step. Only the bundles count: `npm audit` alone looks at development too.
 * @returns {Promise<string>}
 */
export async function auditPackages() {
  const { text } = await npm(["audit", "--omit=dev", "--json"], { timeoutMs: TIMEOUT_MS });
  return readAudit(text);
}

/**
 * What `npm audit --json` says, as a remark.
 * @param {string} text
 * @throws Stop when a package has a grave vulnerability.
 */
export function readAudit(text) {
  const { vulnerabilities, auditReportVersion } = parsed(text);
  if (auditReportVersion === undefined) return "skipped the audit: the registry has none, or does not answer";
  /** @type {{ name: string, severity: string }[]} */
  const found = Object.values(vulnerabilities ?? {});
  const grave = found.filter(({ severity }) => GRAVE.includes(severity));
  if (grave.length > 0) {
    const names = grave.map(({ name, severity }) => `${name} (${severity})`).join(", ");
    throw new Stop(
      `There are known vulnerabilities in ${names}: see \`npm audit --omit=dev\`, and take newer versions.`,
    );
  }
  return found.length === 0
    ? "no known vulnerability"
    : `vulnerabilities that are not grave in ${found.map(({ name }) => name).join(", ")}: see npm audit --omit=dev`;
}

/** @param {string} text npm's warnings, then one document, if any. */
function parsed(text) {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return {};
  }
}
