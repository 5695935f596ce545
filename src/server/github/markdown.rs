//! Turns text that somebody else wrote into Markdown that shows it and does nothing else: no mention, no link,
//! no closed issue, no HTML.

/// A fenced block. The fence is longer than any run of backticks inside, so that nothing can end it early.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let text = printable(text, true);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A code span on one line, in which Markdown, mentions and issue numbers mean nothing.
pub(super) fn code(text: &str) -> String {
    let text = printable(text, false);
    let text = text.trim();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A line without Markdown, for titles and commit messages. What GitHub acts on there (`@user`, `closes #1`,
/// `GH-1`, an issue's address) is broken by a character that is not seen.
pub(super) fn plain(text: &str, max_chars: usize) -> String {
    const BREAK: char = '\u{200b}';
    let text = printable(text, false);
    let text = cut(text.trim(), max_chars);
    let mut safe = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let before_number = c == '-' && text[..at].to_ascii_lowercase().ends_with("gh");
        safe.push(c);
        if matches!(c, '@' | '#') || before_number || (c == ':' && text[at..].starts_with("://")) {
            safe.push(BREAK);
        }
    }
    safe
}

/// A web address as a link; anything else as code.
pub(super) fn link(words: &str, address: &str) -> String {
    let safe = url::Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .map(|url| url.as_str().replace('(', "%28").replace(')', "%29"));
    match safe {
        Some(address) if !address.contains(['<', '>', ' ', '`']) => format!("[{words}]({address})"),
        _ => code(address),
    }
}

/// At most so many characters, with an ellipsis as the last one when some are left out.
pub(super) fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Without control characters and the invisible ones that reorder or hide text.
fn printable(text: &str, keep_lines: bool) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' if keep_lines => Some('\n'),
            '\n' | '\r' | '\t' => Some(' '),
            c if c.is_control() => None,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
            c => Some(c),
        })
        .collect()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_hostile_text_in_its_place() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("a\n<img src=x>"), "`a <img src=x>`");
        assert_eq!(code(" \n"), "(empty)");
        assert_eq!(fenced("x\n````\n@all", "text"), "`````text\nx\n````\n@all\n`````\n");
        assert_eq!(
            plain("closes #1, GH-2 @all\nhttps://x.y/1", 99),
            "closes #\u{200b}1, GH-\u{200b}2 @\u{200b}all https:\u{200b}//x.y/1"
        );
        assert_eq!(plain("abcdef", 4), "abc…");
        assert_eq!(link("page", "https://a.b/c(d)"), "[page](https://a.b/c%28d%29)");
        assert_eq!(link("page", "javascript:alert(1)"), "`javascript:alert(1)`");
    }

    proptest! {
        #[test]
        fn nothing_ends_a_block_early(text in "(\n|`|~|<|@|a| ){0,40}") {
            let block = fenced(&text, "text");
            let fence: String = block.chars().take_while(|c| *c == '`').collect();
            let lines: Vec<_> = block.trim_end().lines().collect();
            let inner = &lines[1..lines.len() - 1];
            prop_assert!(inner.iter().all(|line| !line.contains(&fence)));
            prop_assert_eq!(lines.last().copied(), Some(fence.as_str()));
        }

        #[test]
        fn nothing_ends_a_span_early(text in "[`a ]{1,20}") {
            let span = code(&text);
            let ticks = span.chars().take_while(|c| *c == '`').count();
            if ticks > 0 {
                let inner = &span[ticks..span.len() - ticks];
                prop_assert!(inner.split(|c| c != '`').all(|run| run.len() < ticks));
            }
        }
    }
}
