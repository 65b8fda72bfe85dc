// Lane order (NETWORK.md 3): how a row of activations lies that products read. Of its groups of 32 columns, as a product's lanes take
// them, it has the first quad of each group, then the second of each, …: so neighbouring lanes read neighbouring quads.
fn lane_quad(group: u32, i: u32, columns: u32) -> u32 { return i * (columns / 32u) + group; }

// Where the quad of columns 4·quad to 4·quad + 3 is, in quads.
fn quad_place(quad: u32, columns: u32) -> u32 { return lane_quad(quad / 8u, quad % 8u, columns); }

// Where a column is, in floats.
fn column_place(column: u32, columns: u32) -> u32 { return 4u * quad_place(column / 4u, columns) + column % 4u; }
