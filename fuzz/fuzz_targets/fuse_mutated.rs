#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    plumego_fuzzing::target("fuse_mutated").expect("a known target")(data);
});
