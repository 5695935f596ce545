//! What the keys do that [`super::keyboard`] listens to.

use leptos::prelude::*;

/// The id of the sheet.
pub const KEYS: &str = "keys";

/// Keys, pressed one after the other, and what they do.
type Row = (&'static [&'static str], &'static str);

const GROUPS: [(&str, &[Row]); 2] = [
    (
        "Go to",
        &[
            (&["g", "d"], "Deployments"),
            (&["g", "i"], "Integrations"),
            (&["g", "r"], "Rules"),
            (&["g", "n"], "Notifications"),
            (&["g", "s"], "Settings"),
        ],
    ),
    (
        "On a page",
        &[
            (&["/"], "Search"),
            (&["j"], "Next row"),
            (&["k"], "Previous row"),
            (&["Enter"], "Open the row"),
            (&["?"], "These keys"),
        ],
    ),
];

/// The sheet, out of sight until it is called for.
#[component]
pub fn KeySheet() -> impl IntoView {
    let groups = GROUPS
        .into_iter()
        .map(|(title, keys)| {
            let rows = keys.iter().map(|(keys, what)| {
                let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
                view! {
                    <div>
                        <dt>{*what}</dt>
                        <dd>{keys}</dd>
                    </div>
                }
            });
            view! {
                <section>
                    <h3>{title}</h3>
                    <dl>{rows.collect_view()}</dl>
                </section>
            }
        })
        .collect_view();
    view! {
        <div class="dialog keys" id=KEYS popover="auto" role="dialog" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keyboard shortcuts"</h2>
            <div class="keys-groups">{groups}</div>
            <div class="actions">
                <button class="button" type="button" popovertarget=KEYS popovertargetaction="hide" autofocus>
                    "Close"
                </button>
            </div>
        </div>
    }
    .into_any()
}
