//! A pattern, the rules around it and stored failures → which of them it would have decided about.

use super::{Matcher, Rule};
use crate::model::{Finding, FixStatus, Timestamp, Trial, TrialLine, TrialMatch};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Failures that a pattern is tried on.
pub const FAILURES: u64 = 100;
/// Failures and lines of each that are shown.
const SHOWN: (usize, usize) = (20, 3);
/// Characters shown of a line before the match, of the match, and after it.
const PARTS: (usize, usize, usize) = (100, 300, 200);
/// A trial gives up after this time and says how far it came.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Trials that run at once in this process. Somebody who types asks for one after the other.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// A stored failure with its diagnosis.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Our id of the fix.
    pub fix_id: String,
    /// The branch.
    pub branch: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// What became of it.
    pub status: FixStatus,
    /// When it arrived.
    pub created_at: Timestamp,
    /// The cause.
    pub finding: Finding,
}

/// Tries a pattern on failures, the newest first, away from the threads that answer requests.
///
/// `earlier` are the rules that are asked before it.
pub async fn run(matcher: Matcher, earlier: Vec<Rule>, failures: Vec<Failure>) -> Trial {
    // It is never closed.
    let _slot = SLOTS.acquire().await;
    let until = Instant::now() + PATIENCE;
    let tried =
        tokio::task::spawn_blocking(move || tried(&matcher, &earlier, failures, || Instant::now() < until));
    tried.await.unwrap_or_else(|error| {
        tracing::error!(%error, "The trial of a rule ended early");
        Trial { cut: true, ..Trial::default() }
    })
}

/// The same, for as long as `go_on` says.
fn tried(matcher: &Matcher, earlier: &[Rule], failures: Vec<Failure>, go_on: impl Fn() -> bool) -> Trial {
    let earlier: Vec<(&Rule, Matcher)> = earlier
        .iter()
        .filter(|rule| rule.enabled)
        .filter_map(|rule| Some((rule, Matcher::of(rule).ok()?)))
        .collect();
    let mut trial = Trial::default();
    for failure in failures {
        if !go_on() {
            trial.cut = true;
            break;
        }
        trial.tried += 1;
        let mut lines = matcher.lines(&failure.finding);
        if lines.is_empty() {
            continue;
        }
        trial.matching += 1;
        if trial.matching > SHOWN.0 {
            continue;
        }
        let more = lines.len().saturating_sub(SHOWN.1);
        lines.truncate(SHOWN.1);
        let decides = earlier.iter().find(|(_, matcher)| matcher.matches(&failure.finding));
        trial.matches.push(TrialMatch {
            fix_id: failure.fix_id,
            branch: failure.branch,
            commit_sha: failure.commit_sha,
            status: failure.status,
            created_at: failure.created_at,
            lines: lines.into_iter().map(clipped).collect(),
            more,
            earlier: decides.map(|(rule, _)| rule.name.clone()),
        });
    }
    trial
}

/// As much of a line as fits on the page.
fn clipped(line: TrialLine) -> TrialLine {
    let before = match line.before.char_indices().rev().nth(PARTS.0) {
        Some((index, character)) => format!("…{}", &line.before[index + character.len_utf8()..]),
        None => line.before,
    };
    let beginning = |text: String, limit| match text.char_indices().nth(limit) {
        Some((index, _)) => format!("{}…", &text[..index]),
        None => text,
    };
    let (matched, after) = (beginning(line.matched, PARTS.1), beginning(line.after, PARTS.2));
    TrialLine { number: line.number, before, matched, after }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::diagnosis::{Hints, diagnose};
    use std::cell::Cell;

    fn failure(id: &str, text: &str) -> Failure {
        Failure {
            fix_id: id.to_owned(),
            branch: None,
            commit_sha: None,
            status: FixStatus::Failed,
            created_at: Timestamp::UNIX_EPOCH,
            finding: diagnose(&["one", text, "three"], &Hints::default()),
        }
    }

    fn failures() -> Vec<Failure> {
        vec![
            failure("first", "Type error: Argument of type 'a'"),
            failure("second", "npm error code ERESOLVE"),
            failure("third", "Type error: Property 'a' is missing"),
        ]
    }

    fn rule(name: &str, pattern: &str, enabled: bool) -> Rule {
        Rule {
            id: name.to_owned(),
            name: name.to_owned(),
            error_pattern: pattern.to_owned(),
            error_type: None,
            skip_fix: true,
            custom_prompt: None,
            priority: 0,
            created_at: Timestamp::UNIX_EPOCH,
            enabled,
        }
    }

    fn ids(trial: &Trial) -> Vec<&str> {
        trial.matches.iter().map(|found| found.fix_id.as_str()).collect()
    }

    #[tokio::test]
    async fn says_which_failures_match_and_who_decides_before() {
        let matcher = Matcher::new("type error", None).unwrap();
        let earlier =
            vec![rule("off", "argument", false), rule("bad", "(", true), rule("missing", "is missing", true)];
        let trial = run(matcher, earlier, failures()).await;
        assert_eq!((trial.tried, trial.matching, ids(&trial)), (3, 2, vec!["first", "third"]));
        let earlier: Vec<_> = trial.matches.iter().map(|found| found.earlier.as_deref()).collect();
        assert_eq!(earlier, [None, Some("missing")]);
        let line = &trial.matches[0].lines[0];
        assert_eq!((line.number, line.matched.as_str()), (Some(2), "Type error"));
    }

    #[test]
    fn many_lines_are_counted() {
        let matcher = Matcher::new("e", None).unwrap();
        let many = diagnose(&["Type error: e", "e", "e", "e", "e"], &Hints::default());
        let trial = tried(&matcher, &[], vec![Failure { finding: many, ..failure("many", "x") }], || true);
        assert_eq!((trial.matches[0].lines.len(), trial.matches[0].more), (3, 2));
    }

    #[test]
    fn many_failures_are_counted() {
        let matcher = Matcher::new("type error", None).unwrap();
        let failures = (0..30).map(|_| failure("one", "Type error: x")).collect();
        let trial = tried(&matcher, &[], failures, || true);
        assert_eq!((trial.tried, trial.matching, trial.matches.len()), (30, 30, 20));
    }

    #[test]
    fn long_lines_are_cut_around_the_match() {
        let line = |length: usize| TrialLine {
            number: Some(1),
            before: "é".repeat(length),
            matched: "m".repeat(length),
            after: "é".repeat(length),
        };
        assert_eq!(clipped(line(100)), line(100));
        let cut = clipped(line(400));
        let lengths = [cut.before, cut.matched, cut.after].map(|part| part.chars().count());
        assert_eq!(lengths, [101, 301, 201]);
    }

    #[test]
    fn says_so_when_time_runs_out() {
        let matcher = Matcher::new("error", None).unwrap();
        let asked = Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        let trial = tried(&matcher, &[], failures(), go_on);
        assert_eq!((trial.tried, trial.cut), (2, true));
        assert_eq!(ids(&trial), ["first", "second"]);
    }
}
