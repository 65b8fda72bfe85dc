// Profile: what `foretype profile` times, kernel by kernel.
// Start at profile_model.ts (which passes), then time_plan.ts (how), parts.ts and traffic.ts (what belongs where, and what it moves), bandwidth.ts.
// Owns timestamps and the bytes that a pass has to move.
// Promise: counts and bytes come from the plans that sessions run; each time says whose clock it is of.
// Must not know: kernels' formulas.
export { type Bandwidth, measureBandwidth } from "./bandwidth.ts";
export { profileModel } from "./profile_model.ts";
export { totalOf, trafficReader } from "./traffic.ts";
