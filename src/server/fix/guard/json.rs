//! Turns JSON with comments and trailing commas, as `tsconfig.json` allows, into a value.

use serde_json::Value;

/// The value, or `None` when it is no such JSON.
pub(super) fn parse(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&strict(text)).ok())
}

/// Without comments, and without commas before a closing bracket.
fn strict(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                kept.push(c);
                while let Some(inner) = chars.next() {
                    kept.push(inner);
                    match inner {
                        '\\' => kept.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for inner in chars.by_ref() {
                    if last == '*' && inner == '/' {
                        break;
                    }
                    last = inner;
                }
            }
            '}' | ']' => {
                let end = kept.trim_end().len();
                if kept[..end].ends_with(',') {
                    kept.truncate(end - 1);
                }
                kept.push(c);
            }
            c => kept.push(c),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_typescript_reads() {
        let text = "\u{feff}{ // c\n \"a\": \"// no\", /* c */ \"b\": [1, 2, ],\n \"c\": \"\\\",}\", }";
        assert_eq!(parse(text), Some(serde_json::json!({"a": "// no", "b": [1, 2], "c": "\",}"})));
        assert_eq!(parse("{ a: 1 }"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}\\[\\],:\"\\\\/*a1\n ]{0,60}") {
            let _ = parse(&text);
        }
    }
}
