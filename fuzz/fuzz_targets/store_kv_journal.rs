#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    plumego_fuzzing::target("store_kv_journal").expect("a known target")(data);
});
