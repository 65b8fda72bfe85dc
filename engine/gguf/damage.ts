import { basename } from "node:path";
import { UserError } from "../errors/index.ts";

const LONGEST = 300; // characters; names in a damaged file may have any length

/** The error for a file that cannot be what its author wrote; `fault` is a clause with the numbers. */
export function damaged(path: string, fault: string): UserError {
  const clause = fault.length > LONGEST ? `${fault.slice(0, LONGEST)}…` : fault;
  return new UserError({
    code: "file-damaged",
    problem: `${basename(path)} is damaged (${clause})`,
    advice: "download it again",
    path,
  });
}

/** An integer as 1,234,567: byte counts of models are unreadable without commas. */
export function grouped(count: number | bigint): string {
  return BigInt(count).toLocaleString("en-US"); // a number would be rounded to 15 digits
}
