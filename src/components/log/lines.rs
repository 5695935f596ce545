//! Lines of a log → HTML, in blocks that the browser lays out only when they come into view.

use super::colour::styled;
use crate::{
    components::html::Html,
    model::{
        LogExcerpt,
        log::{WHOLE, in_view},
    },
};
use std::ops::Range;

/// Lines in one block.
const BLOCK: usize = 200;
/// Fewer lines than this are not worth folding away.
const WORTH_FOLDING: usize = 12;

/// The excerpt as HTML. Lines that it does not have are gaps, to be filled when they come into view.
pub fn html(log: &LogExcerpt) -> String {
    let shown = in_view(log.total, log.root);
    let mut html = Html::default();
    folded(&mut html, log, 0..shown.start);
    match log.root.map(|root| root - 1) {
        Some(root) => {
            blocks(&mut html, log, shown.start..root);
            html.markup("<pre class=\"log-root\">");
            line(&mut html, root, at(log, root));
            html.markup("</pre>");
            blocks(&mut html, log, root + 1..shown.end);
        }
        None => blocks(&mut html, log, shown.clone()),
    }
    folded(&mut html, log, shown.end..log.total);
    html.finish()
}

/// What fills a gap: `lines` follow the first `before` ones of the log.
#[cfg(any(feature = "hydrate", test))]
pub fn fill(before: usize, lines: Vec<String>) -> String {
    let total = before + lines.len();
    let mut html = Html::default();
    blocks(&mut html, &LogExcerpt { total, before, lines, root: None }, before..total);
    html.finish()
}

fn at(log: &LogExcerpt, index: usize) -> &str {
    index.checked_sub(log.before).and_then(|index| log.lines.get(index)).map_or("", String::as_str)
}

/// Lines behind a fold, or in the open where there are only few.
fn folded(html: &mut Html, log: &LogExcerpt, range: Range<usize>) {
    let have = log.before..log.before + log.lines.len();
    let is_here = range.start >= have.start && range.end <= have.end;
    if is_here && range.len() < WORTH_FOLDING {
        return blocks(html, log, range);
    }
    if range.is_empty() {
        return;
    }
    html.markup("<details class=\"log-fold\"><summary>Lines ")
        .number(range.start + 1)
        .markup("–")
        .number(range.end);
    html.markup("</summary>");
    if is_here {
        blocks(html, log, range);
    } else {
        gaps(html, range);
    }
    html.markup("</details>");
}

/// Places for lines that are still to come.
fn gaps(html: &mut Html, range: Range<usize>) {
    html.markup("<p class=\"panel-note no-browser\">These lines are in the text file.</p>");
    let mut start = range.start;
    while start < range.end {
        let end = (start + WHOLE).min(range.end);
        html.markup(if end - start == WHOLE {
            "<div class=\"log-gap whole\""
        } else {
            "<div class=\"log-gap\""
        });
        html.markup(" data-before=\"").number(start).markup("\" data-end=\"").number(end).markup("\"></div>");
        start = end;
    }
}

fn blocks(html: &mut Html, log: &LogExcerpt, range: Range<usize>) {
    let mut start = range.start;
    while start < range.end {
        let end = (start + BLOCK).min(range.end);
        // Only a full block has the height that the style sheet gives it while it is out of view.
        html.markup(if end - start == BLOCK {
            "<pre class=\"log-block log-far\">"
        } else {
            "<pre class=\"log-block\">"
        });
        for index in start..end {
            line(html, index, at(log, index));
        }
        html.markup("</pre>");
        start = end;
    }
}

/// One line: a numbered link, which is also its target, then the text.
fn line(html: &mut Html, index: usize, text: &str) {
    let number = index + 1;
    html.markup("<a id=\"L")
        .number(number)
        .markup("\" href=\"#L")
        .number(number)
        .markup("\">")
        .number(number);
    html.markup("</a>");
    styled(html, text);
    html.markup("\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: usize, root: Option<usize>) -> LogExcerpt {
        LogExcerpt::of((1..=lines).map(|number| format!("line {number}")).collect(), root)
    }

    fn count(html: &str, number: usize) -> usize {
        html.matches(&format!("<a id=\"L{number}\" href=\"#L{number}\">{number}</a>line {number}\n")).count()
    }

    #[test]
    fn every_line_is_there_once_with_its_number() {
        for (lines, root) in
            [(0, None), (1, Some(1)), (30, Some(30)), (1_000, Some(500)), (1_000, None), (5, Some(9))]
        {
            let html = html(&log(lines, root));
            for number in 1..=lines {
                assert_eq!(count(&html, number), 1, "line {number} of {lines}, root {root:?}");
            }
        }
    }

    #[test]
    fn the_root_line_is_in_the_open_with_its_context() {
        let html = html(&log(1_000, Some(500)));
        assert!(html.contains("<pre class=\"log-root\"><a id=\"L500\""));
        assert!(html.contains("<summary>Lines 1–489</summary>"));
        assert!(html.contains("<summary>Lines 521–1000</summary>"));
    }

    #[test]
    fn a_long_log_has_gaps_that_fit_what_fills_them() {
        let all = log(50_000, Some(30_000));
        let mut html = html(&all);
        assert!(html.len() < 20_000, "{}", html.len());
        let mut before = 0;
        while let Some(at) = html.find("<div class=\"log-gap") {
            let end = at + html[at..].find("</div>").map_or(0, |length| length + 6);
            let gap = html[at..end].to_owned();
            let number = |name: &str| {
                let value = gap.split_once(name).map_or("", |(_, rest)| rest);
                value.split('"').next().and_then(|value| value.parse::<usize>().ok())
            };
            let (Some(from), Some(to)) = (number("data-before=\""), number("data-end=\"")) else {
                panic!("{gap}")
            };
            assert!(from >= before && to - from <= WHOLE, "{gap}");
            before = to;
            let lines = (from + 1..=to).map(|number| format!("line {number}")).collect();
            html.replace_range(at..end, &fill(from, lines));
        }
        for number in 1..=50_000 {
            // Counting each would take for ever; the lines are in order.
            let line = format!("<a id=\"L{number}\" href=\"#L{number}\">{number}</a>line {number}\n");
            let at = html.find(&line).unwrap_or_else(|| panic!("line {number} is missing"));
            html.drain(..at + line.len());
        }
    }

    #[test]
    fn hostile_lines_stay_text() {
        let lines = vec!["</pre><script>alert(1)</script>".to_owned()];
        assert!(html(&LogExcerpt::of(lines, Some(1))).contains("&lt;/pre&gt;&lt;script&gt;"));
    }
}
