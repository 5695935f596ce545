//! The form of a rule. In the browser its pattern is tried while it is typed; without, a button asks for the page again
//! with what has been entered.

use super::trial;
use crate::{
    api,
    components::diagnosis,
    model::{
        ApiError, ErrorType, Provider, RULE_NAME_LIMIT, RULE_PATTERN_LIMIT, RULE_PROMPT_LIMIT, RuleForm,
        Trial, rules_path,
    },
};
use leptos::{
    html::{Select, Textarea},
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
    task::spawn_local,
};
use std::time::Duration;

/// After this pause a pattern counts as typed.
const TYPED: Duration = Duration::from_millis(250);

/// The trial as it stands on the page. Cheap to copy.
#[derive(Clone, Copy)]
struct Tester {
    provider: Provider,
    id: StoredValue<String>,
    rule: StoredValue<Option<String>>,
    pattern: NodeRef<Textarea>,
    kind: NodeRef<Select>,
    /// What was tried last.
    tried: RwSignal<String>,
    answer: RwSignal<Result<Trial, ApiError>>,
    busy: RwSignal<bool>,
    /// Only the answer to the last question counts.
    turn: StoredValue<u32>,
    pause: StoredValue<Option<TimeoutHandle>>,
}

impl Tester {
    /// Once nothing is typed for a moment.
    fn soon(self) {
        self.pause.update_value(|pause| {
            pause.take().inspect(TimeoutHandle::clear);
            *pause = set_timeout_with_handle(move || self.now(), TYPED).ok();
        });
    }

    fn now(self) {
        let pattern = self.pattern.try_get_untracked().flatten();
        let Some((pattern, kind)) = pattern.zip(self.kind.try_get_untracked().flatten()) else { return };
        let (pattern, kind) = (pattern.value(), ErrorType::parse(&kind.value()));
        let (provider, id, rule) = (self.provider, self.id.get_value(), self.rule.get_value());
        self.turn.update_value(|turn| *turn += 1);
        let turn = self.turn.get_value();
        self.busy.set(true);
        spawn_local(async move {
            let answer = api::try_rule(provider, id, rule, pattern.clone(), kind).await;
            if self.turn.try_get_value() == Some(turn) {
                self.busy.set(false);
                self.tried.set(pattern);
                self.answer.set(answer);
            }
        });
    }

    fn is_wrong(self) -> bool {
        self.answer.with(|answer| answer.as_ref().is_ok_and(|trial| trial.problem.is_some()))
    }

    /// What is wrong with the pattern, or how many failures it matches.
    fn said(self) -> String {
        let empty = self.tried.with(|pattern| pattern.trim().is_empty());
        self.answer.with(|answer| match answer {
            Ok(trial) => trial.problem.clone().unwrap_or_else(|| trial::said(trial, empty)),
            Err(error) => error.message.clone(),
        })
    }
}

/// What a text area holds at first. Leptos takes children of one for markup of ours and does not escape them, and browsers
/// leave out a line break at the beginning.
#[cfg(feature = "ssr")]
fn inside(text: &str) -> String {
    let mut html = crate::components::html::Html::default();
    html.markup("\n").text(text);
    html.finish()
}

/// In the browser it is a text from the beginning.
#[cfg(not(feature = "ssr"))]
fn inside(text: &str) -> String {
    text.to_owned()
}

/// The form of a rule of a project, and what the rule would have done.
#[component]
pub fn RuleEditor(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The stored rule; `None` for a new one.
    rule: Option<String>,
    /// What its fields hold, and what came of trying them.
    form: RuleForm,
) -> impl IntoView {
    let list = rules_path(provider, &id);
    let (action, page) = match &rule {
        Some(rule) => (format!("{list}/{rule}"), format!("{list}/{rule}")),
        None => (list.clone(), format!("{list}/new")),
    };
    let new = rule.is_none();
    let RuleForm { draft, trial, .. } = form;
    let tester = Tester {
        provider,
        id: StoredValue::new(id),
        rule: StoredValue::new(rule),
        pattern: NodeRef::new(),
        kind: NodeRef::new(),
        tried: RwSignal::new(draft.pattern.clone()),
        answer: RwSignal::new(Ok(trial)),
        busy: RwSignal::new(false),
        turn: StoredValue::new(0),
        pause: StoredValue::new(None),
    };
    // What was typed before the browser had taken over the page.
    tester.pattern.on_load(move |field| {
        if field.value() != tester.tried.get_untracked() {
            tester.soon();
        }
    });
    let kinds = ErrorType::ALL
        .into_iter()
        .map(|kind| {
            view! {
                <option value=kind.as_str() selected=draft.error_type == Some(kind)>
                    {diagnosis::kind(kind)}
                </option>
            }
        })
        .collect_view();
    let choice = |value: &'static str, title: &'static str, text: &'static str, checked: bool| {
        view! {
            <label class="choice">
                <input type="radio" name="action" value=value checked=checked />
                <span>
                    {title} <small>{text}</small>
                </span>
            </label>
        }
    };
    view! {
        <form class="form rule-form" method="post" action=action>
            <label class="field">
                <span>"Name"</span>
                <input type="text" name="name" required maxlength=RULE_NAME_LIMIT.to_string() autocomplete="off" value=draft.name.clone() />
            </label>
            <div class="field wide">
                <label for="pattern">"Pattern"</label>
                <textarea
                    class="mono"
                    id="pattern"
                    name="pattern"
                    rows="2"
                    required
                    maxlength=RULE_PATTERN_LIMIT.to_string()
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="pattern-said pattern-hint"
                    aria-invalid=move || tester.is_wrong().to_string()
                    node_ref=tester.pattern
                    on:input=move |_| tester.soon()
                >
                    {inside(&draft.pattern)}
                </textarea>
                <small
                    id="pattern-said"
                    role="status"
                    class=move || if tester.is_wrong() { "tone-red" } else { "tone-blue" }
                    aria-busy=move || tester.busy.get().to_string()
                >
                    {move || tester.said()}
                </small>
                <small id="pattern-hint">
                    "A regular expression without look-around, for the error or the log lines around it. Capital and small letters are the same."
                </small>
            </div>
            <label class="field">
                <span>"Kind of error"</span>
                <select name="kind" node_ref=tester.kind on:change=move |_| tester.now()>
                    <option value="">"Any"</option>
                    {kinds}
                </select>
            </label>
            <fieldset class="choose">
                <legend>"When a failure matches"</legend>
                {choice("skip", "Skip it", "No fix starts. Who starts one by hand gets it.", draft.skip)}
                {choice("fix", "Fix it with a prompt", "The agent is told this in addition.", !draft.skip)}
                <div class="field wide rule-prompt">
                    <label for="prompt">"Prompt"</label>
                    <textarea id="prompt" name="prompt" rows="5" maxlength=RULE_PROMPT_LIMIT.to_string()>
                        {inside(&draft.prompt)}
                    </textarea>
                </div>
            </fieldset>
            <label class="check">
                <input type="checkbox" name="enabled" value="on" checked=draft.enabled />
                <span>"The rule is on"</span>
            </label>
            <div class="actions">
                <button class="button primary" type="submit">
                    {if new { "Create rule" } else { "Save rule" }}
                </button>
                <button class="button no-browser" type="submit" formmethod="get" formaction=page formnovalidate>
                    "Try"
                </button>
                <a class="button" href=list>
                    "Cancel"
                </a>
            </div>
        </form>
        {move || {
            let trial = tester.answer.get().ok().filter(|trial| trial.matching > 0);
            trial
                .map(|trial| {
                    view! {
                        <section
                            class="panel trial"
                            aria-labelledby="trial-title"
                            aria-busy=move || tester.busy.get().to_string()
                        >
                            <header class="panel-head">
                                <h2 id="trial-title">"Failures that match"</h2>
                            </header>
                            {trial::matches(trial)}
                        </section>
                    }
                })
        }}
    }
    .into_any()
}
