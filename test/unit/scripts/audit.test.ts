import { expect, test } from "vitest";
import { readAudit } from "../../../scripts/audit.mjs";

/** What npm prints of vulnerabilities with these severities. */
const report = (severities: Readonly<Record<string, string>>) =>
  `npm warn something\n${JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(
      Object.entries(severities).map(([name, severity]) => [name, { name, severity }]),
    ),
  })}\nnpm error a log\n`;

test("a grave vulnerability of a package stops the tests and is named", () => {
  expect(() => readAudit(report({ "left-pad": "critical", ignore: "low" }))).toThrow(
    /^There are known vulnerabilities in left-pad \(critical\): see/,
  );
  expect(() => readAudit(report({ undici: "high" }))).toThrow(/undici \(high\)/);
});

test("others are mentioned, and none is said", () => {
  expect(readAudit(report({ ignore: "moderate" }))).toMatch(/not grave in ignore/);
  expect(readAudit(report({}))).toBe("no known vulnerability");
});

test("a registry that has no audit, or does not answer, does not pass for a clean one", () => {
  const refused = `npm warn audit 405 Method Not Allowed\n${JSON.stringify({ message: "405", statusCode: 405 })}`;
  for (const text of [refused, "", "npm error network", "{", "{}"])
    expect(readAudit(text)).toMatch(/^skipped the audit/);
});
