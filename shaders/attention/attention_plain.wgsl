// What a head passes before attention_prepare rotates it, in llama: nothing.

// `which` counts q heads, then k heads, then v heads; `at` is the quad's place in the projection.
fn shaped(v: vec4f, which: u32, at: u32, local: u32) -> vec4f { return v; }
