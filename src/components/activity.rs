//! A fix's events → the story as a list: commands with their exit codes, the agent's steps, decisions.

use super::{
    diff,
    icon::{Glyph, Icon},
    time::{duration, seconds_between},
};
use crate::model::{AgentStep, Attempt, EventKind, FixDetail, FixEvent, Timestamp};
use leptos::prelude::*;

/// What happened, oldest first. New entries are added at the end; the ones shown stay untouched.
#[component]
pub fn Activity(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let start = fix.with_untracked(|fix| fix.summary.created_at);
    let entries = move || {
        fix.with(|fix| fix.events.iter().filter(|event| is_told(&event.kind)).cloned().collect::<Vec<_>>())
    };
    view! {
        <ol class="activity">
            <For each=entries key=|event| event.seq children=move |event| view! { <Entry event start /> } />
        </ol>
    }
}

/// Changes of the status alone are told by the rail.
const fn is_told(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Status { reason: None, .. })
}

/// The word for a command's purpose.
fn purpose(name: &str) -> &str {
    match name {
        "runtime" => "Node.js",
        "install" => "Install",
        "reproduce" => "Reproduce",
        "verify_install" => "Install again",
        "verify" => "Verify",
        "install_elsewhere" => "Install as elsewhere",
        "verify_elsewhere" => "Verify as elsewhere",
        other => other,
    }
}

/// What is shown of an event: an icon, a title, a remark at the end of the line, and what folds out.
struct Told {
    icon: Icon,
    tone: &'static str,
    label: String,
    title: String,
    code: bool,
    remark: String,
    detail: Option<String>,
}

impl Told {
    fn new(icon: Icon, tone: &'static str, label: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            icon,
            tone,
            label: label.into(),
            title: title.into(),
            code: false,
            remark: String::new(),
            detail: None,
        }
    }

    fn of(kind: EventKind) -> Self {
        match kind {
            EventKind::Status { status, reason, .. } => {
                Self::new(Icon::Note, "tone-gray", status.label(), reason.unwrap_or_default())
            }
            EventKind::Diagnosed { finding } => {
                Self::new(Icon::Search, "tone-gray", "Diagnosed", finding.message)
            }
            EventKind::Command { purpose: name, command, exit_code, seconds, tail, .. } => {
                let tone = if exit_code == Some(0) { "tone-green" } else { "tone-red" };
                let exit =
                    exit_code.map_or_else(|| "ended by a limit".to_owned(), |code| format!("exit {code}"));
                Self {
                    code: true,
                    remark: format!("{exit} · {}", duration(seconds)),
                    detail: Some(tail),
                    ..Self::new(Icon::Terminal, tone, purpose(&name), command)
                }
            }
            EventKind::AttemptStarted { number, of, model } => Self {
                remark: model,
                ..Self::new(Icon::Agent, "tone-violet", format!("Attempt {number} of {of}"), "")
            },
            EventKind::Agent { step } => Self::of_step(step),
            EventKind::AttemptEnded { attempt } => Self::of_attempt(&attempt),
            EventKind::Patch { diff, .. } => {
                Self::new(Icon::Pencil, "tone-violet", "Patch", diff::size(&diff::parse(&diff)))
            }
            EventKind::Guard { checks } => {
                let passed = checks.iter().filter(|check| check.passed).count();
                let tone = if passed == checks.len() { "tone-green" } else { "tone-red" };
                Self::new(Icon::Shield, tone, "Guard", format!("{passed} of {} checks hold", checks.len()))
            }
            EventKind::PullRequest { number, .. } => {
                Self::new(Icon::PullRequest, "tone-blue", "Pull request", format!("#{number} is open"))
            }
            EventKind::Built { build, .. } => {
                let tone = if build.ready { "tone-green" } else { "tone-red" };
                let icon = if build.ready { Icon::Check } else { Icon::Cross };
                Self {
                    remark: build.project_name.clone(),
                    ..Self::new(icon, tone, "Fix branch", build.words())
                }
            }
            EventKind::Note { text, .. } => Self::new(Icon::Note, "tone-gray", "Note", text),
        }
    }

    fn of_step(step: AgentStep) -> Self {
        let icon = match step.tool.as_str() {
            "text" => Icon::Words,
            "read" | "list" => Icon::File,
            "edit" | "write" | "patch" => Icon::Pencil,
            "grep" | "glob" => Icon::Search,
            "bash" => Icon::Terminal,
            _ => Icon::Agent,
        };
        let words = step.tool == "text";
        let label = if words { "Agent".to_owned() } else { step.tool };
        let title = if words && step.title.is_empty() {
            step.detail.lines().next().unwrap_or_default().to_owned()
        } else {
            step.title
        };
        let detail = (!step.detail.is_empty() && step.detail != title).then_some(step.detail);
        Self {
            code: !words,
            remark: if step.failed { "failed".to_owned() } else { String::new() },
            detail,
            ..Self::new(icon, if step.failed { "tone-red" } else { "tone-violet" }, label, title)
        }
    }

    fn of_attempt(attempt: &Attempt) -> Self {
        let tone = if attempt.outcome == "ok" { "tone-green" } else { "tone-red" };
        Self {
            remark: duration(attempt.seconds),
            ..Self::new(
                Icon::Agent,
                tone,
                format!("Attempt {} ended", attempt.number),
                outcome(&attempt.outcome),
            )
        }
    }
}

/// A code as words: `no_change` → `no change`.
pub fn outcome(code: &str) -> String {
    if code == "ok" { "done".to_owned() } else { code.replace('_', " ") }
}

#[component]
fn Entry(
    /// What happened.
    event: FixEvent,
    /// When the story began.
    start: Timestamp,
) -> impl IntoView {
    let since = format!("+{}", duration(seconds_between(start, event.at)));
    let divider = matches!(event.kind, EventKind::AttemptStarted { .. });
    let step = matches!(event.kind, EventKind::Agent { .. });
    let told = Told::of(event.kind);
    let title = if told.code {
        view! { <code class="entry-title">{told.title}</code> }.into_any()
    } else {
        view! { <span class="entry-title">{told.title}</span> }.into_any()
    };
    let line = view! {
        <Glyph icon=told.icon />
        <span class="entry-label">{told.label}</span>
        {title}
        <span class="entry-remark">{told.remark}</span>
        <span class="entry-time" title="Since the failure arrived">
            {since}
        </span>
    };
    let body = match told.detail {
        Some(detail) => view! {
            <details>
                <summary class="entry-line">{line}</summary>
                <pre class="entry-detail" tabindex="0">
                    {detail}
                </pre>
            </details>
        }
        .into_any(),
        None => view! { <div class="entry-line">{line}</div> }.into_any(),
    };
    view! {
        <li class=format!("entry {}", told.tone) class:entry-divider=divider class:entry-step=step>
            {body}
        </li>
    }
}

/// The figures of all attempts.
#[component]
pub fn AttemptTable(
    /// Oldest first.
    attempts: Vec<Attempt>,
) -> impl IntoView {
    let rows = attempts
        .into_iter()
        .map(|attempt| {
            view! {
                <tr>
                    <th scope="row">{attempt.number}</th>
                    <td>{outcome(&attempt.outcome)}</td>
                    <td>
                        <code>{attempt.model}</code>
                    </td>
                    <td class="figure">{thousands(attempt.input_tokens)}</td>
                    <td class="figure">{thousands(attempt.output_tokens)}</td>
                    <td class="figure">{format!("${:.3}", attempt.cost_usd)}</td>
                    <td class="figure">{duration(attempt.seconds)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Figures of all attempts">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Attempt"</th>
                        <th scope="col">"Ended"</th>
                        <th scope="col">"Model"</th>
                        <th scope="col" class="figure">
                            "Tokens read"
                        </th>
                        <th scope="col" class="figure">
                            "Written"
                        </th>
                        <th scope="col" class="figure">
                            "Cost"
                        </th>
                        <th scope="col" class="figure">
                            "Time"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// `12,345`.
fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-1_000, "−1,000")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn words_of_the_agent_are_not_said_twice() {
        let step = |title: &str, detail: &str| AgentStep {
            tool: "text".to_owned(),
            title: title.to_owned(),
            detail: detail.to_owned(),
            failed: false,
        };
        assert_eq!(Told::of_step(step("Done.", "Done.")).detail, None);
        assert_eq!(Told::of_step(step("", "One line.")).title, "One line.");
        assert!(Told::of_step(step("", "Two\nlines.")).detail.is_some());
    }
}
