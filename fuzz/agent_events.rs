//! Any line as one of OpenCode: no panic, and a step is short and holds nothing that is to be redacted.
#![no_main]

use deploymend_fuzz::server::{agent::read, diagnosis::redact::redact};
use libfuzzer_sys::fuzz_target;

/// Bytes of a title and a detail, with the mark that they were cut.
const TITLE: usize = 200 + '…'.len_utf8();
const DETAIL: usize = 4000 + '…'.len_utf8();

fuzz_target!(|bytes: &[u8]| {
    let line = String::from_utf8_lossy(bytes);
    match read(&line) {
        Some(Ok(step)) => {
            assert!(step.title.len() <= TITLE && step.detail.len() <= DETAIL && step.tool.len() <= 43);
            assert!(!step.title.contains('\n'));
            for text in [&step.title, &step.detail] {
                // Where it was cut, half a mark may be left.
                assert!(text.ends_with('…') || redact(text) == text.as_str(), "{text:?}");
            }
        }
        Some(Err(error)) => assert!(error.len() <= TITLE),
        None => {}
    }
});
