// The rows that a product takes: all of the pass but the first `skip`, or the last one alone.
@group(0) @binding(4) var<storage, read> step: StepState;

fn only_last() -> bool { return shape.last != 0u; }
fn rows_wanted() -> u32 { return select(max(step.rows, shape.skip) - shape.skip, min(step.rows, 1u), only_last()); }
