//! A build log → numbered lines with links and colours, the root line marked and kept in view, the rest folded away.
//!
//! Works without WebAssembly: folds are `<details>`, lines are link targets, and what is not on the page is a file
//! away. With it, the folds of a long log are filled when they come into view, and it can be searched.

mod colour;
mod find;
mod lines;
mod more;

use crate::model::{ApiError, DeploymentLog, Finding, LogExcerpt};
use find::Find;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The log on its way to the page.
///
/// The server writes the lines into the page; sending them a second time for the take-over would double the
/// page's size. So on the wire this is only "there is one", and the browser keeps the lines that are in the page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogText {
    there: bool,
    /// The number of the root line, from 1.
    root: Option<usize>,
    /// The cause, of a failed deployment whose fix does not know it.
    pub finding: Option<Finding>,
    /// Absent while they are in the page already.
    #[serde(skip)]
    excerpt: Option<Arc<LogExcerpt>>,
}

impl From<Option<DeploymentLog>> for LogText {
    fn from(log: Option<DeploymentLog>) -> Self {
        log.map_or_else(Self::default, |log| Self {
            there: true,
            root: log.excerpt.root,
            finding: log.finding,
            excerpt: Some(log.excerpt.into()),
        })
    }
}

/// The log with its frame.
#[component]
pub fn LogView(
    /// The deployment, as its page's address names it.
    #[prop(into)]
    id: Signal<String>,
    /// The log.
    log: Resource<Result<LogText, ApiError>>,
    /// What to say while there is none.
    #[prop(into)]
    absent: Signal<String>,
) -> impl IntoView {
    let file = move || format!("/deployments/{}/log.txt", id.get());
    view! {
        <section class="panel log" aria-labelledby="log-title">
            <header class="panel-head">
                <h2 id="log-title">"Build log"</h2>
                <Transition fallback=|| ()>
                    {move || Suspend::new(async move {
                        let root = log.await.ok().and_then(|log| log.root);
                        root.map(|line| view! { <a href=format!("#L{line}") rel="external">{format!("Root line {line}")}</a> })
                    })}
                </Transition>
                <a href=file rel="external">"As text"</a>
            </header>
            <Find id />
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match log.await {
                        Ok(LogText { there: false, .. }) => {
                            view! { <p class="panel-note">{move || absent.get()}</p> }.into_any()
                        }
                        Ok(LogText { excerpt, .. }) => {
                            let html = excerpt.map(|excerpt| lines::html(&excerpt)).unwrap_or_default();
                            view! { <Lines id html /> }.into_any()
                        }
                        Err(error) => view! { <p class="panel-note">{error.message}</p> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// Clicks on line numbers stay with the browser: only its own jump opens folds and sets `:target`.
#[component]
fn Lines(id: Signal<String>, html: String) -> impl IntoView {
    let place = NodeRef::new();
    more::fill(place, id);
    view! { <div class="log-lines" node_ref=place on:click=|event| event.stop_propagation() inner_html=html></div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_carries_no_lines() {
        let excerpt = LogExcerpt::of(vec!["secret of nobody".to_owned()], None);
        let text = LogText::from(Some(DeploymentLog { excerpt, finding: None }));
        assert_eq!(
            serde_json::to_string(&text).ok().as_deref(),
            Some(r#"{"there":true,"root":null,"finding":null}"#)
        );
    }
}
