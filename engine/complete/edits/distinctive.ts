// Words of many languages that stand for something else at each place: keywords, built-in types, names that everybody uses.
const COMMON = new Set(
  [
    "abstract and any array as assert async await bool boolean break byte case catch char class const continue date debug",
    "default def del do double elif else end enum error except export extends false final finally float for from func",
    "function get global go if impl import in index info instanceof int interface is item key len length let list log",
    "long map match mod module name namespace new nil none not null number object of or package pass private promise",
    "protected public raise readonly record require result return self set short size static str string struct super",
    "switch symbol test text this throw throws true try type typeof undefined union unknown use using value var void",
    "while with yield data props state args options opts params u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 usize isize",
  ].flatMap((line) => line.split(" ")),
);

/** Whether a word means the same wherever it stands, as far as its form tells. */
export const isDistinctive = (word: string): boolean =>
  word.length >= 4 && /\p{L}/u.test(word) && !COMMON.has(word.toLowerCase());

export const isName = (token: string): boolean => /^[\p{L}_$#][\p{L}\p{N}\p{M}_$]*$/u.test(token);

export const isCommon = (word: string): boolean => COMMON.has(word.toLowerCase());
