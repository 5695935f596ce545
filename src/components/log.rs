//! A build log → numbered lines with links, the root line marked and kept in view, the rest folded away.
//!
//! One element per line, in blocks that the browser lays out only when they come into view. Works without
//! WebAssembly: folds are `<details>`, lines are link targets.

use super::html::Html;
use crate::model::ApiError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};

/// Lines in one block.
const BLOCK: usize = 200;
/// Lines shown around the root line.
const BEFORE: usize = 10;
const AFTER: usize = 20;
/// Lines shown of a log without a root line: its end.
const END: usize = 60;
/// Fewer lines than this are not worth folding away.
const WORTH_FOLDING: usize = 12;

/// The log on its way to the page.
///
/// The server writes the lines into the page; sending them a second time for the take-over would double the
/// page's size. So on the wire this is only "there is one", and the browser keeps the lines that are in the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum LogText {
    /// There is no log yet.
    Absent,
    /// The lines are in the page already.
    InPage,
    /// The lines.
    Text(Arc<str>),
}

impl From<bool> for LogText {
    fn from(there: bool) -> Self {
        if there { Self::InPage } else { Self::Absent }
    }
}

impl From<LogText> for bool {
    fn from(text: LogText) -> Self {
        !matches!(text, LogText::Absent)
    }
}

impl From<Option<String>> for LogText {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(text.into()))
    }
}

/// The log with its frame.
#[component]
pub fn LogView(
    /// The log.
    log: Resource<Result<LogText, ApiError>>,
    /// The number of the root line, from 1.
    root: Signal<Option<usize>>,
    /// What to say while there is none.
    #[prop(into)]
    absent: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <section class="panel log" aria-labelledby="log-title">
            <header class="panel-head">
                <h2 id="log-title">"Build log"</h2>
                {move || {
                    root.get()
                        .map(|line| view! { <a href=format!("#L{line}") rel="external">{format!("Root line {line}")}</a> })
                }}
            </header>
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match log.await {
                        Ok(LogText::Absent) => view! { <p class="panel-note">{move || absent.get()}</p> }.into_any(),
                        Ok(LogText::InPage) => lines(String::new()).into_any(),
                        Ok(LogText::Text(text)) => lines(html(&text, root.get_untracked())).into_any(),
                        Err(error) => view! { <p class="panel-note">{error.message}</p> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

/// Clicks on line numbers stay with the browser: only its own jump opens folds and sets `:target`.
fn lines(html: String) -> impl IntoView {
    view! { <div class="log-lines" on:click=|event| event.stop_propagation() inner_html=html></div> }
}

/// The lines as HTML.
fn html(log: &str, root: Option<usize>) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let root = root.filter(|root| (1..=lines.len()).contains(root)).map(|root| root - 1);
    let shown = match root {
        Some(root) => root.saturating_sub(BEFORE)..(root + AFTER + 1).min(lines.len()),
        None => lines.len().saturating_sub(END)..lines.len(),
    };
    let mut html = Html::default();
    folded(&mut html, &lines, 0..shown.start);
    match root {
        Some(root) => {
            blocks(&mut html, &lines, shown.start..root);
            html.markup("<pre class=\"log-root\">");
            line(&mut html, root, lines[root]);
            html.markup("</pre>");
            blocks(&mut html, &lines, root + 1..shown.end);
        }
        None => blocks(&mut html, &lines, shown.clone()),
    }
    folded(&mut html, &lines, shown.end..lines.len());
    html.finish()
}

/// Lines behind a fold, or in the open where there are only few.
fn folded(html: &mut Html, lines: &[&str], range: Range<usize>) {
    if range.len() < WORTH_FOLDING {
        return blocks(html, lines, range);
    }
    html.markup("<details class=\"log-fold\"><summary>Lines ")
        .number(range.start + 1)
        .markup("–")
        .number(range.end);
    html.markup("</summary>");
    blocks(html, lines, range);
    html.markup("</details>");
}

fn blocks(html: &mut Html, lines: &[&str], range: Range<usize>) {
    let mut start = range.start;
    while start < range.end {
        let end = (start + BLOCK).min(range.end);
        html.markup("<pre class=\"log-block\">");
        for (index, text) in lines.iter().enumerate().take(end).skip(start) {
            line(html, index, text);
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
    html.markup("</a>").text(text).markup("\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: usize) -> String {
        (1..=lines).map(|number| format!("line {number}\n")).collect()
    }

    #[test]
    fn every_line_is_there_once_with_its_number() {
        for (count, root) in
            [(0, None), (1, Some(1)), (30, Some(30)), (1_000, Some(500)), (1_000, None), (5, Some(9))]
        {
            let html = html(&log(count), root);
            for number in 1..=count {
                let line = format!("<a id=\"L{number}\" href=\"#L{number}\">{number}</a>line {number}\n");
                assert_eq!(html.matches(&line).count(), 1, "line {number} of {count}, root {root:?}");
            }
        }
    }

    #[test]
    fn the_root_line_is_in_the_open_with_its_context() {
        let html = html(&log(1_000), Some(500));
        assert!(html.contains("<pre class=\"log-root\"><a id=\"L500\""));
        assert!(html.contains("<summary>Lines 1–489</summary>"));
        assert!(html.contains("<summary>Lines 521–1000</summary>"));
    }

    #[test]
    fn hostile_lines_stay_text() {
        assert!(html("</pre><script>alert(1)</script>", Some(1)).contains("&lt;/pre&gt;&lt;script&gt;"));
    }

    #[test]
    fn the_wire_carries_no_lines() {
        let text = LogText::from(Some("secret of nobody".to_owned()));
        assert_eq!(serde_json::to_string(&text).ok().as_deref(), Some("true"));
    }
}
