#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    plumego_fuzzing::target("store_cached").expect("a known target")(data);
});
