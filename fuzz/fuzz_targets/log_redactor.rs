#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    plumego_fuzzing::target("log_redactor").expect("a known target")(data);
});
