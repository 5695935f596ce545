//! What a pattern would have done about stored failures.

use crate::{
    components::{badge::FixBadge, facts::Revision, time::Ago},
    model::{Trial, TrialLine, TrialMatch},
};
use leptos::prelude::*;

/// How many failures match, in a sentence. `empty`: there is no pattern yet.
pub fn said(trial: &Trial, empty: bool) -> String {
    let Trial { tried, matching, cut, .. } = trial;
    let rest = if *cut { " Time ran out before older ones were tried." } else { "" };
    match (empty, tried, matching) {
        (true, ..) => "Enter a pattern, and it is tried on the last failures.".to_owned(),
        (_, 0, _) => format!("No failure of this project is stored yet.{rest}"),
        (_, 1, 0) => format!("It does not match the one failure that is stored.{rest}"),
        (_, 1, _) => format!("It matches the one failure that is stored.{rest}"),
        (.., 0) => format!("It matches none of the last {tried} failures.{rest}"),
        _ => format!("It matches {matching} of the last {tried} failures.{rest}"),
    }
}

/// The failures that match, the newest first.
pub fn matches(trial: Trial) -> AnyView {
    let rest = trial.matching.saturating_sub(trial.matches.len());
    view! {
        <ul class="matches">{trial.matches.into_iter().map(found).collect_view()}</ul>
        {(rest > 0).then(|| view! { <p class="panel-note">{format!("{rest} older ones are not listed.")}</p> })}
    }
    .into_any()
}

fn found(found: TrialMatch) -> AnyView {
    let TrialMatch { fix_id, branch, commit_sha, status, created_at, lines, more, earlier } = found;
    view! {
        <li class="match">
            <p class="match-head">
                <a href=format!("/deployments/{fix_id}")>
                    <Revision branch sha=commit_sha />
                    <span class="sr-only">"failed "</span>
                    <Ago at=created_at />
                </a>
                <FixBadge status />
            </p>
            {earlier.map(|name| view! { <p class="match-earlier">{format!("“{name}” is asked before and decides instead.")}</p> })}
            <div class="quotes">
                {lines.into_iter().map(line).collect_view()}
                {(more > 0).then(|| view! { <p class="match-more">{format!("and {more} more lines")}</p> })}
            </div>
        </li>
    }
    .into_any()
}

fn line(line: TrialLine) -> AnyView {
    let TrialLine { number, before, matched, after } = line;
    view! {
        <p class="quote">
            <span class="quote-number">{number.map(|number| number.to_string())}</span>
            <span class="quote-text">{before} <mark>{matched}</mark> {after}</span>
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_said_in_a_sentence() {
        let trial = |tried, matching, cut| Trial { tried, matching, cut, ..Trial::default() };
        assert_eq!(said(&trial(0, 0, false), true), "Enter a pattern, and it is tried on the last failures.");
        assert_eq!(said(&trial(0, 0, false), false), "No failure of this project is stored yet.");
        assert_eq!(said(&trial(1, 0, false), false), "It does not match the one failure that is stored.");
        assert_eq!(said(&trial(1, 1, false), false), "It matches the one failure that is stored.");
        assert_eq!(said(&trial(7, 0, false), false), "It matches none of the last 7 failures.");
        assert_eq!(
            said(&trial(9, 2, true), false),
            "It matches 2 of the last 9 failures. Time ran out before older ones were tried."
        );
    }
}
