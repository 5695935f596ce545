//! Lines of a diff → rows of a table. Where a line takes the place of another, what differs between them is marked.

use super::parse::{FileDiff, Line};
use crate::components::html::Html;

/// What of two lines is the same at their beginning and at their end, in bytes. Nothing when that is less than a third
/// of the shorter one, without its indentation.
fn common(before: &str, after: &str) -> Option<(usize, usize)> {
    let start: usize =
        before.chars().zip(after.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let tails = before[start..].chars().rev().zip(after[start..].chars().rev());
    let end: usize = tails.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let indentation = before.len() - before.trim_start().len();
    let shorter = before.len().min(after.len()).saturating_sub(indentation);
    (3 * (start + end).saturating_sub(indentation) >= shorter).then_some((start, end))
}

/// A line's text; the part between what is the same is marked.
fn text(html: &mut Html, text: &str, same: Option<(usize, usize)>) {
    match same {
        Some((start, end)) if start + end < text.len() => {
            let end = text.len() - end;
            html.text(&text[..start])
                .markup("<mark>")
                .text(&text[start..end])
                .markup("</mark>")
                .text(&text[end..]);
        }
        _ => {
            html.text(text);
        }
    }
}

/// Removed lines and the added ones that take their place, in order.
struct Change<'a> {
    removed: Vec<(usize, &'a str)>,
    added: Vec<(usize, &'a str)>,
}

impl<'a> Change<'a> {
    /// The change at the beginning of `lines`, and how many of them it has.
    fn at(lines: &'a [Line]) -> (Self, usize) {
        let removed: Vec<_> = lines
            .iter()
            .map_while(|line| match line {
                Line::Removed(number, text) => Some((*number, text.as_str())),
                _ => None,
            })
            .collect();
        let added: Vec<_> = lines[removed.len()..]
            .iter()
            .map_while(|line| match line {
                Line::Added(number, text) => Some((*number, text.as_str())),
                _ => None,
            })
            .collect();
        let length = removed.len() + added.len();
        (Self { removed, added }, length)
    }

    /// What the `index`th lines of both sides have in common.
    fn same(&self, index: usize) -> Option<(usize, usize)> {
        common(self.removed.get(index)?.1, self.added.get(index)?.1)
    }
}

fn each<'a>(file: &'a FileDiff, mut put: impl FnMut(Result<Change<'a>, &'a Line>)) {
    let mut rest = file.lines.as_slice();
    while let Some(first) = rest.first() {
        let (change, length) = Change::at(rest);
        if length == 0 {
            put(Err(first));
            rest = &rest[1..];
        } else {
            put(Ok(change));
            rest = &rest[length..];
        }
    }
}

/// One column: number before, number after, text.
pub fn unified(file: &FileDiff) -> String {
    let mut html = Html::default();
    html.markup("<tbody>");
    each(file, |part| match part {
        Err(Line::Context(old, new, line)) => {
            html.markup("<tr><td>").number(*old).markup("</td><td>").number(*new).markup("</td><td> ");
            html.text(line).markup("</td></tr>");
        }
        Err(Line::Hunk(line) | Line::Note(line)) => {
            html.markup("<tr class=\"hunk\"><td colspan=\"2\"></td><td>").text(line).markup("</td></tr>");
        }
        Ok(change) => {
            for (index, (number, line)) in change.removed.iter().enumerate() {
                html.markup("<tr class=\"removed\"><td>").number(*number).markup("</td><td></td><td>-");
                text(&mut html, line, change.same(index));
                html.markup("</td></tr>");
            }
            for (index, (number, line)) in change.added.iter().enumerate() {
                html.markup("<tr class=\"added\"><td></td><td>").number(*number).markup("</td><td>+");
                text(&mut html, line, change.same(index));
                html.markup("</td></tr>");
            }
        }
        // They are part of a change.
        Err(Line::Added(..) | Line::Removed(..)) => {}
    });
    html.markup("</tbody>");
    html.finish()
}

/// Two columns: number and text before, number and text after.
pub fn split(file: &FileDiff) -> String {
    let mut html = Html::default();
    html.markup("<tbody>");
    each(file, |part| match part {
        Err(Line::Context(old, new, line)) => {
            html.markup("<tr><td>").number(*old).markup("</td><td> ").text(line);
            html.markup("</td><td>").number(*new).markup("</td><td> ").text(line).markup("</td></tr>");
        }
        Err(Line::Hunk(line) | Line::Note(line)) => {
            html.markup("<tr class=\"hunk\"><td></td><td colspan=\"3\">").text(line).markup("</td></tr>");
        }
        Ok(change) => {
            for index in 0..change.removed.len().max(change.added.len()) {
                let same = change.same(index);
                html.markup("<tr>");
                match change.removed.get(index) {
                    Some((number, line)) => {
                        html.markup("<td class=\"removed\">")
                            .number(*number)
                            .markup("</td><td class=\"removed\">-");
                        text(&mut html, line, same);
                    }
                    None => {
                        html.markup("<td></td><td>");
                    }
                }
                html.markup("</td>");
                match change.added.get(index) {
                    Some((number, line)) => {
                        html.markup("<td class=\"added\">")
                            .number(*number)
                            .markup("</td><td class=\"added\">+");
                        text(&mut html, line, same);
                    }
                    None => {
                        html.markup("<td></td><td>");
                    }
                }
                html.markup("</td></tr>");
            }
        }
        Err(Line::Added(..) | Line::Removed(..)) => {}
    });
    html.markup("</tbody>");
    html.finish()
}

#[cfg(test)]
mod tests {
    use super::{super::parse::parse, *};

    const DIFF: &str = "diff --git a/a.ts b/a.ts
--- a/a.ts
+++ b/a.ts
@@ -1,3 +1,4 @@
 const a = 1;
-const total: number = \"7\";
+const total: number = 7 & \"<b>\";
+added();
 return a;
";

    fn file() -> FileDiff {
        parse(DIFF).remove(0)
    }

    #[test]
    fn code_is_escaped_and_what_differs_is_marked() {
        let html = unified(&file());
        assert!(html.contains("<td>-const total: number = <mark>&quot;7</mark>&quot;;</td>"), "{html}");
        assert!(
            html.contains("<td>+const total: number = <mark>7 &amp; &quot;&lt;b&gt;</mark>&quot;;</td>"),
            "{html}"
        );
        assert!(html.contains("<td>+added();</td>"), "{html}");
    }

    #[test]
    fn sides_stand_beside_each_other() {
        let html = split(&file());
        let rows: Vec<_> = html.split("<tr").skip(1).collect();
        assert_eq!(rows.len(), 5);
        assert!(rows[2].contains("removed\">2</td>") && rows[2].contains("added\">2</td>"), "{}", rows[2]);
        assert!(rows[3].contains("<td></td><td></td><td class=\"added\">3</td>"), "{}", rows[3]);
        assert!(rows.iter().all(|row| row.matches("<td").count() == 4 || row.contains("colspan")));
    }

    #[test]
    fn marks_end_at_characters() {
        for (before, after, expected) in [
            ("aéb", "aèb", Some((1, 1))),
            ("same", "same", Some((4, 0))),
            ("abc", "xyz", None),
            ("    n: n.trim(),", "    n: Number(n.trim()),", Some((7, 2))),
            ("", "", Some((0, 0))),
            ("aa", "aaa", Some((2, 0))),
        ] {
            assert_eq!(common(before, after), expected, "{before} {after}");
            let mut html = Html::default();
            text(&mut html, after, common(before, after));
        }
    }
}
