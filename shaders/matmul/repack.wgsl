// repack: moves each block's scale out of the way, so that what stays is whole words.
//   in:  blocks of BLOCK bytes, the scale of SCALE_BYTES (2: an f16; 1: an exponent) at byte SCALE (0, or the last ones)
//   out: words[b·(BLOCK − SCALE_BYTES)/4 + i] = the block's other bytes, as `body_word` has them (repack_*.wgsl)
//        scales: those of 4 / SCALE_BYTES blocks a word
// The staged piece starts where a word of scales does, and holds `piece.blocks` blocks. Nothing grows.
// 0 staged  u32             read
// 1 words   u32             read_write
// 2 scales  u32             read_write
// 3 piece   first, blocks   read        first block of the piece, counted in the planes
// Dispatch: one invocation a word of scales, workgroup WORKGROUP, x then y.
struct Piece { first: u32, blocks: u32 }
@group(0) @binding(0) var<storage, read> staged: array<u32>;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> scales: array<u32>;
@group(0) @binding(3) var<storage, read> piece: Piece;

// Four bytes from any byte on.
fn word_at(byte: u32) -> u32 {
  let shift = 8u * (byte & 3u);
  let low = staged[byte / 4u] >> shift;
  // A shift by 32 would be one by 0.
  return select(low | (staged[byte / 4u + 1u] << (32u - shift)), low, shift == 0u);
}

const SHARING = 4u / SCALE_BYTES;
const MASK = (1u << (8u * SCALE_BYTES)) - 1u;
const WORDS = (BLOCK - SCALE_BYTES) / 4u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let first = (id.y * grid.x * WORKGROUP + id.x) * SHARING;
  // At most what is staged, and what the matrix has room for.
  let held = min(arrayLength(&words) / WORDS, arrayLength(&scales) * SHARING);
  let blocks = min(min(piece.blocks, arrayLength(&staged) * 4u / BLOCK), max(held, piece.first) - piece.first);
  if (first >= blocks) { return; }
  var together = 0u;
  for (var side = 0u; side < SHARING; side++) {
    let block = first + side;
    if (block >= blocks) { break; }
    let base = block * BLOCK;
    together |= (word_at(base + SCALE) & MASK) << (8u * SCALE_BYTES * side);
    let body = base + select(0u, SCALE_BYTES, SCALE == 0u);
    for (var i = 0u; i < WORDS; i++) { words[(piece.first + block) * WORDS + i] = body_word(body, i); }
  }
  scales[(piece.first + first) / SHARING] = together;
}
