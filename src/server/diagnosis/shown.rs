//! A log as the platform sent it → what may be stored, shown and sent to a model: cleaned and redacted.

use super::{clean::clean, colour::coloured, redact::redact_line};

/// The log's lines, twice. Both have the numbers of the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownLog {
    /// For reading by programs.
    pub plain: Vec<String>,
    /// For people: with the tools' colours. A line that had a secret in it has lost them.
    pub coloured: Vec<String>,
}

/// Redacts before anything else sees the lines; a secret cannot hide between colour codes.
pub fn shown<S: AsRef<str>>(lines: &[S]) -> ShownLog {
    let mut inside_key = false;
    let mut log = ShownLog::default();
    for line in lines {
        let line = line.as_ref();
        let whole = clean(line);
        let plain = redact_line(&whole, &mut inside_key);
        let colours = (plain == whole).then(|| coloured(line)).flatten();
        log.coloured.push(colours.unwrap_or_else(|| plain.clone()));
        log.plain.push(plain);
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::diagnosis::redact::MARK;

    #[test]
    fn colours_stay_and_secrets_go() {
        let token = format!("ghp_{}", "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1aB3dE5gH7");
        let (first, second) = token.split_at(10);
        let log = shown(&[
            "\u{1b}[31merror\u{1b}[39m: x".to_owned(),
            format!("\u{1b}[31m{first}\u{1b}[32m{second}\u{1b}[0m"),
        ]);
        assert_eq!(log.plain, ["error: x".to_owned(), MARK.to_owned()]);
        assert_eq!(log.coloured, ["\u{1b}[0;31merror\u{1b}[0m: x".to_owned(), MARK.to_owned()]);
    }

    #[test]
    fn a_private_key_goes_line_by_line() {
        let begin = format!("-----BEGIN {} KEY-----", "RSA PRIVATE");
        let end = format!("-----END {} KEY-----", "RSA PRIVATE");
        let lines = [begin, "MIIEpAIBAAKCAQEA".to_owned(), "kq3b".to_owned(), end, "after".to_owned()];
        let log = shown(&lines);
        assert_eq!(log.plain.len(), 5);
        assert!(!log.plain.concat().contains("MIIE") && !log.coloured.concat().contains("kq3b"));
        assert_eq!(log.plain[4], "after");
    }
}
