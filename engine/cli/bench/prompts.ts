/** What a draft meets in practice: the kinds of text that benchmarks of MTP drafts use, in our own words. */
export const draftPrompts: Readonly<Record<string, string>> = {
  "code, Python":
    "# Groups words by their letters, so that anagrams stand together.\ndef group_anagrams(words):\n    groups = {}\n    for word in words:\n",
  "code, TypeScript":
    "/** A queue that gives out the entry with the lowest priority number first. */\nexport class PriorityQueue<T> {\n  private entries: { priority: number; value: T }[] = [];\n\n  push(priority: number, value: T): void {\n",
  explanation:
    "## How a hash table works\n\nA hash table keeps pairs of keys and values in an array. To find the place of a key, it\n",
  summary:
    "Release notes in short.\n\nThe parser accepts trailing commas. The printer keeps comments where they were. Errors name the file and the line. The cache is cleared when the configuration changes.\n\nIn one sentence:",
  "factual answer": "Q: What does the HTTP status code 304 mean, and when does a server send it?\nA:",
  translation:
    "English: The file could not be opened.\nGerman: Die Datei konnte nicht geöffnet werden.\n\nEnglish: The file has been saved.\nGerman:",
  "short story": "The lighthouse keeper had not spoken to anybody for three weeks when the radio",
  "steps of a sum":
    "A train leaves at 9:40 and takes 2 hours and 35 minutes. It stops for 12 minutes on the way.\nStep 1: add the hours:",
  "code review":
    "function average(values) {\n  let sum = 0;\n  for (let i = 0; i <= values.length; i++) {\n    sum += values[i];\n  }\n  return sum / values.length;\n}\n\n// Review:\n// 1. The loop",
};

/** A prompt of ordinary ids that has no pattern to profit from. */
export function benchPrompt(length: number, vocabulary: number): number[] {
  let state = 12345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % Math.min(vocabulary, 4000);
  });
}
