/**
 * Whether a version is as new as another, by its first two numbers.
 * @param {string} version
 * @param {string} wanted May begin with `>=` or `^`.
 */
export function isAtLeast(version, wanted) {
  /** @param {string} text */
  const numbers = (text) => (text.match(/\d+/g) ?? []).map(Number);
  const [[major = 0, minor = 0], [wantedMajor = 0, wantedMinor = 0]] = [numbers(version), numbers(wanted)];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
