#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    clipcensus::internals::fuzz::accounts(input);
});
