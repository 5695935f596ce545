//! A project's rules in the order in which they are asked. Each move, switch and deletion is a plain form; in the browser
//! moves and switches stay on the page, and rows can be dragged.

use super::{drag, gist, order::Order};
use crate::{
    components::{
        icon::{Glyph, Icon},
        panel::{Confirm, Notice},
    },
    model::{ProjectRules, RuleRow, Step},
};
use leptos::{ev, html::Ol, prelude::*};
use leptos_router::hooks::use_query_map;

/// The rules of a project, to be put in order.
#[component]
pub fn RuleList(
    /// The project.
    project: ProjectRules,
) -> impl IntoView {
    let address = StoredValue::new(project.path());
    let order = Order::new(project, use_query_map().read_untracked().get("rule"));
    let list = NodeRef::<Ol>::new();
    let pulled = move |event: ev::PointerEvent| {
        let row = order.held.get_untracked().and_then(|rule| order.index(&rule));
        row.and_then(|row| drag::place(list, row, &event)).into_iter().for_each(|to| order.drag(to));
    };
    Effect::new(move |_| {
        let escape = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" {
                order.cancel();
            }
        });
        on_cleanup(move || escape.remove());
    });
    view! {
        <p class="sr-only" role="status">
            {move || order.said.get()}
        </p>
        {move || order.trouble.get().map(|error| view! { <Notice tone="tone-red">{error.message}</Notice> })}
        <ol
            class="items rules"
            aria-label="Rules"
            node_ref=list
            on:pointermove=pulled
            on:pointerup=move |_| order.release()
            on:pointercancel=move |_| order.cancel()
        >
            {move || {
                let rows = order.rows.get();
                let all = rows.len();
                let row = |(index, row)| address.with_value(|address| item(order, list, address, index, all, row));
                rows.into_iter().enumerate().map(row).collect_view()
            }}
        </ol>
    }
    .into_any()
}

fn item(
    order: Order,
    list: NodeRef<Ol>,
    address: &str,
    index: usize,
    all: usize,
    RuleRow { id, rule }: RuleRow,
) -> AnyView {
    let address = format!("{address}/{id}");
    let held = {
        let id = id.clone();
        move || order.held.with(|held| held.as_deref() == Some(&id))
    };
    let called = {
        let id = id.clone();
        move || order.called.with(|called| called.as_deref() == Some(&id))
    };
    let grab = {
        let id = id.clone();
        move |event: ev::PointerEvent| {
            if event.button() == 0 {
                // No text is to be marked on the way.
                event.prevent_default();
                drag::hold(list, &event);
                order.held.set(Some(id.clone()));
            }
        }
    };
    let step = |to: Step, value: &'static str, icon: Icon, disabled: bool| {
        let (id, label) = (id.clone(), format!("Move {} {value}", rule.name));
        let click = move |event: ev::MouseEvent| {
            event.prevent_default();
            order.step(&id, to);
        };
        view! {
            <button class="close" type="submit" name="to" value=value disabled=disabled title=label.clone() aria-label=label on:click=click>
                <Glyph icon />
            </button>
        }
    };
    let on = rule.enabled;
    let switch = {
        let id = id.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            order.switch(id.clone(), !on);
        }
    };
    view! {
        <li class="item rule" class:held=held class:rule-called=called class:rule-off=!on id=format!("rule-{id}") tabindex="-1">
            <span class="rule-grip needs-browser" title="Drag to change the order" on:pointerdown=grab>
                <Glyph icon=Icon::Grip />
            </span>
            <form class="rule-steps" method="post" action=format!("{address}/move")>
                {step(Step::Up, "up", Icon::Up, index == 0)}
                <span class="rule-place">{index + 1}</span>
                {step(Step::Down, "down", Icon::Down, index + 1 == all)}
            </form>
            <div class="item-main">
                <p class="item-name">
                    <a class="rule-name" href=address.clone()>
                        {rule.name.clone()}
                    </a>
                </p>
                {gist(&rule)}
            </div>
            <form class="rule-switch" method="post" action=format!("{address}/switch") on:submit=switch>
                <input type="hidden" name="on" value=(!on).to_string() />
                <button class="toggle" type="submit" role="switch" aria-checked=on.to_string() aria-label=format!("Ask {}", rule.name)>
                    <span class="toggle-track"></span>
                    <span aria-hidden="true">{if on { "On" } else { "Off" }}</span>
                </button>
            </form>
            <div class="rule-actions">
                <a class="button" href=address.clone() aria-label=format!("Edit {}", rule.name)>
                    "Edit"
                </a>
                <Confirm
                    id=format!("delete-{id}")
                    label="Delete"
                    question=format!("The rule “{}” is deleted. Fixes that it decided about stay as they are.", rule.name)
                    action=format!("{address}/delete")
                />
            </div>
        </li>
    }
    .into_any()
}
