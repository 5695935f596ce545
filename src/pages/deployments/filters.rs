//! The bar of filters: a plain form that sends them in the address. In the browser each acts at once and is a step
//! in the history; a text that is being typed is one step.

use super::board::Board;
use crate::{
    components::icon::{Glyph, Icon},
    model::{
        ListQuery, Provider, Tab,
        list::{day, read_day},
    },
};
use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use std::time::Duration;

/// After this pause a text counts as typed.
const TYPED: Duration = Duration::from_millis(250);

/// The filters of a list.
#[component]
pub fn Filters(
    /// The page.
    board: Board,
) -> impl IntoView {
    let query = board.query;
    let tab = move || query.with(|query| (query.tab != Tab::All).then_some(query.tab.as_str()));
    let clear = move || {
        let narrowed = query.with(ListQuery::is_narrowed);
        narrowed.then(|| {
            let href = board.href(|query| {
                let (tab, repository) = (query.tab, query.repository.take());
                *query = ListQuery { tab, repository, ..ListQuery::default() };
            });
            view! {
                <a class="button" href=href data-noscroll="">
                    "Clear"
                </a>
            }
        })
    };
    view! {
        <form
            class="filters"
            role="search"
            aria-label="Filter deployments"
            method="get"
            action=move || board.path()
            on:submit=move |event| event.prevent_default()
        >
            {move || tab().map(|tab| view! { <input type="hidden" name="tab" value=tab /> })}
            <Search board />
            <Choice
                name="platform"
                label="Platform"
                all="All platforms"
                options=Signal::derive(|| Provider::all().map(|it| (it.as_str().to_owned(), it.display_name().to_owned())).collect())
                value=Signal::derive(move || query.with(|query| query.platform.map(|it| it.as_str().to_owned())))
                choose=Callback::new(move |value: String| board.go(false, |query| query.platform = value.parse().ok()))
            />
            <Choice
                name="project"
                label="Project"
                all="All projects"
                options=Signal::derive(move || names(board))
                value=Signal::derive(move || query.with(|query| query.project.clone()))
                choose=Callback::new(move |value| board.go(false, |query| query.project = given(value)))
            />
            {move || (query.with(|query| query.tab) != Tab::Projects).then(|| view! { <OfDeployments board /> })}
            <button class="button no-browser" type="submit">
                "Apply"
            </button>
            {clear}
        </form>
    }
    .into_any()
}

/// What projects do not have. Folded on narrow screens, unless one of them is set.
#[component]
fn OfDeployments(
    /// The page.
    board: Board,
) -> impl IntoView {
    let query = board.query;
    let open =
        query.with_untracked(|query| query.branch.is_some() || query.from.is_some() || query.to.is_some());
    view! {
        <details class="more" open=open>
            <summary class="button">"More filters"</summary>
            <Field
                name="branch"
                label="Branch"
                kind="text"
                value=Signal::derive(move || query.with(|query| query.branch.clone()))
                choose=Callback::new(move |value| board.go(false, |query| query.branch = given(value)))
            />
            <Field
                name="from"
                label="From"
                kind="date"
                value=Signal::derive(move || query.with(|query| query.from.map(day)))
                choose=Callback::new(move |value: String| board.go(false, |query| query.from = read_day(&value)))
            />
            <Field
                name="to"
                label="To"
                kind="date"
                value=Signal::derive(move || query.with(|query| query.to.map(day)))
                choose=Callback::new(move |value: String| board.go(false, |query| query.to = read_day(&value)))
            />
        </details>
    }
    .into_any()
}

fn given(value: String) -> Option<String> {
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The names of the watched projects, each once.
fn names(board: Board) -> Vec<(String, String)> {
    let mut names: Vec<_> =
        board.page.with(|page| page.projects.iter().map(|it| (it.name.clone(), it.name.clone())).collect());
    names.dedup();
    names
}

#[component]
fn Search(
    /// The page.
    board: Board,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let text = Memo::new(move |_| board.query.with(|query| query.text.clone().unwrap_or_default()));
    // What was sent last: an answer to it must not overwrite what is typed by now.
    let sent = StoredValue::new(text.get_untracked());
    let pause = StoredValue::new(None::<TimeoutHandle>);
    let typing = StoredValue::new(false);
    Effect::new(move |_| {
        let text = text.get();
        if sent.get_value() != text {
            if let Some(input) = input.get_untracked() {
                input.set_value(&text);
            }
            sent.set_value(text);
        }
    });
    let send = move || {
        let Some(input) = input.try_get_untracked().flatten() else { return };
        let text = input.value().trim().to_owned();
        if sent.get_value() != text {
            sent.set_value(text.clone());
            let again = typing.get_value();
            typing.set_value(true);
            board.go(again, |query| query.text = given(text));
        }
    };
    let typed = move |_| {
        pause.update_value(|pause| {
            pause.take().inspect(TimeoutHandle::clear);
            *pause = set_timeout_with_handle(send, TYPED).ok();
        });
    };
    view! {
        <label class="search">
            <span class="sr-only">"Search"</span>
            <Glyph icon=Icon::Search />
            <input
                node_ref=input
                id="search"
                type="search"
                name="q"
                maxlength="200"
                placeholder="Search project, branch, commit or error"
                autocomplete="off"
                value=text.get_untracked()
                on:input=typed
                on:change=move |_| send()
                on:blur=move |_| typing.set_value(false)
            />
            <kbd aria-hidden="true">"/"</kbd>
        </label>
    }
    .into_any()
}

/// One of several values, or all.
#[component]
fn Choice(
    /// The parameter.
    name: &'static str,
    /// What is chosen.
    label: &'static str,
    /// The words for all.
    all: &'static str,
    /// Values and their words.
    options: Signal<Vec<(String, String)>>,
    /// The chosen value.
    value: Signal<Option<String>>,
    /// Another one is chosen.
    choose: Callback<String>,
) -> impl IntoView {
    let options = move || {
        let chosen = value.get();
        let option = |(value, words): (String, String)| {
            let selected = chosen.as_ref() == Some(&value);
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        };
        options.get().into_iter().map(option).collect_view()
    };
    view! {
        <label class="filter" class:filter-on=move || value.with(Option::is_some)>
            <span class="sr-only">{label}</span>
            <select
                name=name
                prop:value=move || value.get().unwrap_or_default()
                on:change=move |event| choose.run(event_target_value(&event))
            >
                <option value="">{all}</option>
                {options}
            </select>
        </label>
    }
    .into_any()
}

/// A value that is typed or picked as a whole.
#[component]
fn Field(
    /// The parameter.
    name: &'static str,
    /// What is asked for.
    label: &'static str,
    /// The kind of the field.
    kind: &'static str,
    /// The value.
    value: Signal<Option<String>>,
    /// Another one is given.
    choose: Callback<String>,
) -> impl IntoView {
    view! {
        <label
            class="filter"
            class:filter-on=move || value.with(Option::is_some)
            title=(kind == "date").then_some("The whole day, in UTC")
        >
            <span>{label}</span>
            <input
                type=kind
                name=name
                maxlength="200"
                autocomplete="off"
                value=value.get_untracked()
                prop:value=move || value.get().unwrap_or_default()
                on:change=move |event| choose.run(event_target_value(&event))
            />
        </label>
    }
    .into_any()
}
