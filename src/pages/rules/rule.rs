//! `/integrations/{provider}/projects/{id}/rules/new` and `…/rules/{rule}`: the form of a rule. What has been entered
//! already may stand in the address.

use super::address;
use crate::{
    api,
    components::{
        icon::{Glyph, Icon},
        notice::{FormNotice, Place},
        panel::{Confirm, ErrorPanel, Notice},
        rules::RuleEditor,
    },
    model::{Provider, RuleDraft, RuleForm, rules_path},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    hooks::{use_location, use_params_map},
    location::Url,
};

/// The page of the rule in the address, or of a new one.
#[component]
pub fn RulePage() -> impl IntoView {
    let (address, params, query) = (address(), use_params_map(), use_location().search);
    let draft = move || query.with(|query| RuleDraft::from_fields(|name| field(query, name)));
    let form = Resource::new(
        move || (address.get(), params.read().get("rule"), draft()),
        |(address, rule, draft)| async move {
            let (provider, id) = address?;
            let form = api::get_rule_form(provider, id.clone(), rule.clone(), draft).await?;
            Ok((provider, id, rule, form))
        },
    );
    let refused = move || query.with(|query| field(query, "error").is_some());
    let back = move || address.get().map_or("/rules".to_owned(), |(provider, id)| rules_path(provider, &id));
    view! {
        <div class="page page-form">
            <a class="back" href=back>
                <Glyph icon=Icon::Back />
                "Rules of the project"
            </a>
            {move || (!refused()).then(|| view! { <FormNotice place=Place::Rules /> })}
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match form.await {
                        Ok((provider, id, rule, form)) => {
                            let refused = refused();
                            view! { <Rule provider id rule form refused /> }.into_any()
                        }
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// What a field had that is in the query of the address. The router's own map has read it twice: a `%20` that somebody
/// wrote would be a blank.
fn field(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(Url::unescape(&value.replace('+', " ")))
}

#[component]
fn Rule(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The stored rule; `None` for a new one.
    rule: Option<String>,
    /// What its fields hold.
    form: RuleForm,
    /// The form was sent and came back.
    refused: bool,
) -> impl IntoView {
    let (title, name) = match &rule {
        Some(_) => ("Edit rule", form.draft.name.clone()),
        None => ("New rule", "New rule".to_owned()),
    };
    let reason = form.refused.clone().filter(|_| refused);
    let delete = rule.clone().map(|rule| {
        let action = format!("{}/{rule}/delete", rules_path(provider, &id));
        view! {
            <div class="actions">
                <Confirm
                    id="delete-rule"
                    label="Delete"
                    question="The rule is deleted. Fixes that it decided about stay as they are."
                    action
                />
            </div>
        }
    });
    view! {
        <Title text=format!("{name} · {}", form.project) />
        {reason.map(|reason| view! { <Notice tone="tone-red">"Nothing was saved. " {reason}</Notice> })}
        <header class="page-head">
            <div>
                <h1>{title}</h1>
                <p class="muted">{format!("For failures of {}", form.project)}</p>
            </div>
            {delete}
        </header>
        <RuleEditor provider id rule form />
    }
    .into_any()
}
