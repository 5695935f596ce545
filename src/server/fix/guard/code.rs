//! Turns source text into the same text without its comments, so that code which was commented out does not
//! count as code. Line ends stay where they are.

/// How a language writes comments.
struct Comments {
    line: &'static str,
    block: bool,
    quotes: &'static [char],
}

/// The text without comments, by the file's ending.
pub(super) fn without_comments(text: &str, ending: &str) -> String {
    let comments = match ending {
        "py" | "rb" | "sh" | "yml" | "yaml" | "toml" => {
            Comments { line: "#", block: false, quotes: &['"', '\''] }
        }
        // A single quote may be a lifetime in Rust.
        "rs" => Comments { line: "//", block: true, quotes: &['"'] },
        _ => Comments { line: "//", block: true, quotes: &['"', '\'', '`'] },
    };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        if let Some(open) = quote {
            if c == '\\' {
                length += rest[length..].chars().next().map_or(0, char::len_utf8);
            } else if c == open || (c == '\n' && open != '`') {
                // Only a template goes on over the end of its line.
                quote = None;
            }
        } else if rest.starts_with(comments.line) {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        } else if comments.block && rest.starts_with("/*") {
            let end = rest[2..].find("*/").map_or(rest.len(), |at| at + 4);
            kept.extend(rest[..end].chars().filter(|c| *c == '\n'));
            kept.push(' ');
            rest = &rest[end..];
            continue;
        } else if comments.quotes.contains(&c) {
            quote = Some(c);
        }
        kept.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("a // b\nc", "ts", "a \nc")]
    #[case("a /* b\n */ c", "ts", "a \n  c")]
    #[case("'http://x' // y", "ts", "'http://x' ")]
    #[case("'it\\'s // no' // y", "ts", "'it\\'s // no' ")]
    #[case("`a\n// b` // c", "ts", "`a\n// b` ")]
    #[case("x # y\n'#'", "py", "x \n'#'")]
    #[case("/* open", "ts", " ")]
    fn drops_comments(#[case] text: &str, #[case] ending: &str, #[case] expected: &str) {
        assert_eq!(without_comments(text, ending), expected);
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_lines(text in "([a\\\\'\"`/*#ä]|\n|//|/\\*|\\*/){0,60}") {
            for ending in ["ts", "py", "rs"] {
                let _ = without_comments(&text, ending);
            }
        }
    }
}
