// repack: moves each block's f16 scale d out of the way, so that what stays is a multiple of 4 bytes and aligned.
//   in:  blocks of BLOCK bytes (2 mod 4), d at byte SCALE (0, or BLOCK − 2)
//   out: words[b·(BLOCK − 2)/4 + i] = the block's other bytes;  scales[b / 2] = d of blocks b and b + 1
// The staged piece starts at an even block and holds `piece.blocks` of them. Nothing grows: 2 mod 4 becomes two planes.
// 0 staged  u32             read
// 1 words   u32             read_write
// 2 scales  u32             read_write
// 3 piece   first, blocks   read        first block of the piece, counted in the planes
// Dispatch: one invocation a pair of blocks, workgroup WORKGROUP, x then y.
struct Piece { first: u32, blocks: u32 }
@group(0) @binding(0) var<storage, read> staged: array<u32>;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> scales: array<u32>;
@group(0) @binding(3) var<storage, read> piece: Piece;

fn half_at(byte: u32) -> u32 { return (staged[byte / 4u] >> (8u * (byte & 2u))) & 0xffffu; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let pair = id.y * grid.x * WORKGROUP + id.x;
  var d = vec2u(0u);
  for (var side = 0u; side < 2u; side++) {
    let block = 2u * pair + side;
    if (block >= piece.blocks) { break; }
    let base = block * BLOCK;
    d[side] = half_at(base + SCALE);
    let body = base + select(0u, 2u, SCALE == 0u);
    for (var i = 0u; i < (BLOCK - 2u) / 4u; i++) {
      words[(piece.first + block) * ((BLOCK - 2u) / 4u) + i] = half_at(body + 4u * i) | (half_at(body + 4u * i + 2u) << 16u);
    }
  }
  if (2u * pair < piece.blocks) { scales[(piece.first >> 1u) + pair] = d.x | (d.y << 16u); }
}
