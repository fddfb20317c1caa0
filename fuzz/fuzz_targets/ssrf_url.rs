#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    plumego_fuzzing::target("ssrf_url").expect("a known target")(data);
});
