// Commands of ours that other parts of ours run; on no palette.

/** Runs after the editor has inserted a suggestion: its id, and the characters that were inserted. */
export const ACCEPTED = "foretype.internal.accepted";
/** Runs after Escape has hidden a suggestion. */
export const DISMISSED = "foretype.internal.dismissed";
/** What Tab runs while a next edit is shown. */
export const NEXT_EDIT_TAB = "foretype.internal.nextEditTab";
/** What a click on the status bar item opens. */
export const MENU = "foretype.internal.menu";
export const FIX_INLINE_SUGGEST = "foretype.internal.turnOnInlineSuggest";

/** A link of the walkthrough. */
export const OPEN_SAMPLE = "foretype.internal.openSample";
