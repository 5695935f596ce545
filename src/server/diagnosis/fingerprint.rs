//! An error → a name for "the same error again", stable under path roots, hashes, times, ports and line shifts.

use regex::Regex;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// What differs between two builds of the same broken code, and what stands for it.
const VOLATILE: &[(&str, &str)] = &[
    (
        r"(?:/vercel/path\d|/opt/render/project/src|/opt/buildhome/repo|/opt/build/repo|/home/runner/work/[^/\s]+/[^/\s]+)/",
        "",
    ),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "#"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d[:_]\d\d[:_]\d\d(?:[.,_]\d+)?(?:Z|[+-]\d\d:\d\d)?", "#"),
    (r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: [AP]M)?", "#"),
    // Content hashes: hexadecimal, or the eight characters that bundlers put in front of an ending.
    (r"\b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*)\b", "#"),
    (r"[-.][A-Za-z0-9_-]{8}\.(js|css|mjs)\b", "-#.$1"),
    // Positions and ports.
    (r"[(:\[]\d+(?:[:,]\d+)?[)\]]?", ":#"),
    (r"\b\d+(?:\.\d+)?(?: ?(?:ms|s|kB|MB|KiB|MiB))?\b", "#"),
    (r"\s+", " "),
];

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    VOLATILE.iter().filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, *with))).collect()
});

/// 32 hexadecimal characters. `file` is relative to the repository and has no position.
pub fn fingerprint(id: &str, file: Option<&str>, message: &str) -> String {
    let mut hash = Sha256::new();
    for part in [id, file.unwrap_or(""), &normalized(message)] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut name = hex::encode(hash.finalize());
    name.truncate(32);
    name
}

/// The words of an error without what differs between two builds of the same broken code.
pub(super) fn normalized(message: &str) -> String {
    PATTERNS
        .iter()
        .fold(message.to_owned(), |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("src/a.ts(3,7): error TS2322: x", "src/a.ts(31,2): error TS2322: x")]
    #[case("/vercel/path0/src/a.ts:3:7 bad", "/opt/build/repo/src/a.ts:9:1 bad")]
    #[case("connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 127.0.0.1:5433")]
    #[case("dist/index-CJKXAfF0.js failed", "dist/index-Zk2_9fQa.js failed")]
    #[case("releases new 183bedc150ab48a9", "releases new 9f0bedc150ab4777")]
    fn is_stable(#[case] one: &str, #[case] other: &str) {
        assert_eq!(fingerprint("x", None, one), fingerprint("x", None, other));
    }

    #[rstest]
    #[case("error TS2322: Type 'a'", "error TS2339: Type 'a'")]
    #[case("Cannot find module 'zod'", "Cannot find module 'yup'")]
    fn tells_errors_apart(#[case] one: &str, #[case] other: &str) {
        assert_ne!(fingerprint("x", None, one), fingerprint("x", None, other));
    }

    #[test]
    fn has_the_documented_shape() {
        let name = fingerprint("x", Some("src/a.ts"), "y");
        assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}
