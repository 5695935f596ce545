//! Colours of a log line → spans of the style sheet's.

use crate::components::html::Html;

const TEXT: [&str; 8] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"];
const GROUND: [&str; 8] = ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"];

/// The line's text with its colours. Each code says everything anew (see `server::diagnosis::colour`).
pub fn styled(html: &mut Html, line: &str) {
    let mut parts = line.split("\u{1b}[");
    html.text(parts.next().unwrap_or_default());
    for part in parts {
        let Some((codes, text)) = part.split_once('m') else {
            html.text(part);
            continue;
        };
        let mut classes = codes.split(';').filter_map(class).peekable();
        if text.is_empty() || classes.peek().is_none() {
            html.text(text);
            continue;
        }
        html.markup("<span class=\"");
        classes.for_each(|class| {
            html.markup(class).markup(" ");
        });
        html.markup("\">").text(text).markup("</span>");
    }
}

fn class(code: &str) -> Option<&'static str> {
    Some(match code.parse::<usize>().ok()? {
        1 => "bold",
        2 => "dim",
        3 => "italic",
        4 => "underlined",
        code @ 30..=37 => TEXT[code - 30],
        code @ 40..=47 => GROUND[code - 40],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_classes_and_text_stays_text() {
        for (line, expected) in [
            ("plain <b>", "plain &lt;b&gt;"),
            ("\u{1b}[0;1;31mred\u{1b}[0m rest", "<span class=\"bold t1 \">red</span> rest"),
            ("a\u{1b}[0;47m<i>\u{1b}[0m", "a<span class=\"g7 \">&lt;i&gt;</span>"),
            ("\u{1b}[0;\"><script>", "0;&quot;&gt;&lt;script&gt;"),
            ("\u{1b}[0;\"><b>m", ""),
            ("\u{1b}[31", "31"),
        ] {
            let mut html = Html::default();
            styled(&mut html, line);
            assert_eq!(html.finish(), expected, "{line:?}");
        }
    }
}
