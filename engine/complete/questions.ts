import type { Question } from "./contract.ts";

/** The questions in the order they came: a later one supersedes those before it. */
export function createQuestions() {
  let number = 0;
  let last: Question | undefined;
  let passed: Question | undefined;
  return {
    /** @returns whether the question is superseded by now, or its caller no longer wants the answer */
    begin(question: Question): () => boolean {
      const own = ++number;
      last = question;
      return () => own !== number || question.signal?.aborted === true;
    },

    /** No gate is closed to it. */
    pass(question: Question): void {
      passed = question;
    },

    get last(): Question | undefined {
      return last;
    },

    /** The last one that no gate was closed to. */
    get passed(): Question | undefined {
      return passed;
    },

    /** Supersedes all, or those about a document. */
    end(uri?: string): void {
      if (uri === undefined || last?.document.uri === uri) number++;
    },
  };
}

export type Questions = ReturnType<typeof createQuestions>;
