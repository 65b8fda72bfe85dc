// Four rows of W of one type, decoded side by side by the header and quad of its blocks/*.wgsl.
struct Headers { a: Header, b: Header, c: Header, d: Header }

fn headers(rows: vec4u, group: u32) -> Headers {
  return Headers(header(rows.x, group), header(rows.y, group), header(rows.z, group), header(rows.w, group));
}

// Weights 4·i to 4·i + 3 of the group, a column for each.
fn quads(h: Headers, i: u32) -> mat4x4f {
  return transpose(mat4x4f(quad(h.a, i), quad(h.b, i), quad(h.c, i), quad(h.d, i)));
}
