import type { PassTime } from "../../gpu/index.ts";

/** Milliseconds of a pass; 0 where the clock went back, as some do when they change their speed. */
export const millisecondsOf = ({ begin, end }: PassTime): number =>
  end > begin ? Number(end - begin) / 1e6 : 0;
