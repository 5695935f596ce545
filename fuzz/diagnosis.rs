//! Any bytes as a build log: no panic, nothing slow, and the stream says the same as the whole text.
#![no_main]

use deploymend_fuzz::server::diagnosis::{Hints, analyze, analyze_stream, redact::redact, shown};
use libfuzzer_sys::fuzz_target;

/// Beyond it a stream looks at the beginning of a line only.
const WHOLE_LINE: usize = 8 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let hints = Hints::default();
    let stream = analyze_stream(bytes, &hints).expect("memory can be read");
    assert!((0.0..=1.0).contains(&stream.finding.confidence));

    // Line by line, as the stream decodes it.
    let mut lines: Vec<String> =
        bytes.split(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    if bytes.is_empty() || bytes.ends_with(b"\n") {
        lines.pop();
    }
    let whole = analyze(&lines, &hints);
    if lines.iter().all(|line| line.len() < WHOLE_LINE / 4) {
        assert_eq!(stream.id, whole.id);
        assert_eq!(stream.finding, whole.finding);
        assert_eq!(stream.errors, whole.errors);
    }

    // What is stored says the same, and there is nothing left to redact in it.
    let stored = shown(&lines);
    assert_eq!(stored.plain.len(), lines.len());
    for line in &stored.plain {
        assert_eq!(redact(line), line.as_str());
    }
});
