use super::*;
use proptest::prelude::*;

#[test]
fn an_empty_log_says_so() {
    let finding = diagnose(&[] as &[String], &Hints::default());
    assert_eq!((finding.message.as_str(), finding.line_number), ("The build log is empty.", None));
    assert_eq!(finding.confidence, 0.0);
}
