//! A fix's events → the seven stations of its way, with durations and the place where it stopped.

use super::{
    browser::Browser,
    time::{duration, seconds_between},
};
use crate::model::{EventKind, FixDetail, FixEvent, FixStatus, Stage, Timestamp};
use leptos::prelude::*;

/// How a station looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// Passed, after that many seconds since the station before; unknown where no event names it.
    Done(Option<f64>),
    /// The worker is on its way to it since then.
    Running(Timestamp),
    /// Somebody else has to act: a person merges, the platform builds.
    Awaited,
    /// The way ended before it.
    Stopped,
    /// Not reached yet, or never.
    Ahead,
}

/// The events of the current run: all since the fix was last put back into the queue.
fn current_run(events: &[FixEvent]) -> &[FixEvent] {
    let queued =
        |event: &FixEvent| matches!(event.kind, EventKind::Status { status: FixStatus::Pending, .. });
    &events[events.iter().rposition(queued).unwrap_or(0)..]
}

/// A branch that was green says nothing about what came of merging it.
fn since_merged(run: &[FixEvent]) -> &[FixEvent] {
    let merged = |event: &FixEvent| matches!(event.kind, EventKind::Status { status: FixStatus::Merged, .. });
    &run[run.iter().rposition(merged).unwrap_or(0)..]
}

/// The last station that a status can have behind it, so that an attempt that was sent back does not count.
const fn limit(status: FixStatus) -> Stage {
    match status {
        FixStatus::Pending => Stage::Received,
        FixStatus::Analyzing | FixStatus::Fixing => Stage::Reproduced,
        FixStatus::Reviewing => Stage::PullRequest,
        FixStatus::PrCreated | FixStatus::Merged | FixStatus::Failed | FixStatus::Skipped => Stage::Green,
    }
}

/// When the current run passed a station. The agent's work counts by its last patch, the rest by the first time.
fn passed(run: &[FixEvent], stage: Stage) -> Option<Timestamp> {
    let mut hits = run.iter().filter(|event| event.kind.stage() == Some(stage));
    match stage {
        Stage::Received => run.first(),
        Stage::Fixed | Stage::Verified => hits.next_back(),
        _ => hits.next(),
    }
    .map(|event| event.at)
}

/// The seven stations in order.
pub fn stations(fix: &FixDetail) -> [(Stage, Mark); 7] {
    let status = fix.summary.status;
    let run = current_run(&fix.events);
    let red = fix.branch_builds().iter().any(|build| !build.ready);
    let at = |stage| match stage {
        Stage::Green if red => None,
        Stage::Green if status == FixStatus::Merged => passed(since_merged(run), stage),
        stage if stage <= limit(status) => passed(run, stage),
        _ => None,
    };
    let front = match status {
        // Whoever merged it may not have waited for anything.
        FixStatus::Merged if at(Stage::Green).is_none() => Stage::PullRequest,
        _ => Stage::ALL.into_iter().rev().find(|stage| at(*stage).is_some()).unwrap_or(Stage::Received),
    };
    let mut before = None;
    Stage::ALL.map(|stage| {
        if stage <= front {
            let here = at(stage);
            let seconds = before.zip(here).map(|(from, to)| seconds_between(from, to));
            before = here.or(before);
            return (stage, Mark::Done(seconds));
        }
        let next = Stage::ALL.into_iter().find(|other| *other > front);
        let mark = match status {
            _ if next != Some(stage) => Mark::Ahead,
            FixStatus::Failed | FixStatus::Skipped => Mark::Stopped,
            FixStatus::PrCreated | FixStatus::Merged => Mark::Awaited,
            _ => Mark::Running(before.unwrap_or(fix.summary.created_at)),
        };
        (stage, mark)
    })
}

/// The rail. The station where it stopped tells the reason on hover; the page says it above.
#[component]
pub fn Rail(
    /// The fix.
    fix: RwSignal<FixDetail>,
) -> impl IntoView {
    let marks = Memo::new(move |_| fix.with(stations));
    let reason = Memo::new(move |_| fix.with(|fix| fix.summary.reason.clone()));
    view! {
        <ol class="rail" aria-label="Stages">
            {move || {
                marks
                    .get()
                    .into_iter()
                    .map(|(stage, mark)| view! { <Station stage mark reason /> })
                    .collect_view()
            }}
        </ol>
    }
}

/// One station.
#[component]
fn Station(
    /// Which one.
    stage: Stage,
    /// How it looks.
    mark: Mark,
    /// Why the way ended, if it did.
    reason: Memo<Option<String>>,
) -> impl IntoView {
    let browser = Browser::expect();
    let (class, sign, word) = match mark {
        Mark::Done(_) => ("done", "M3.5 8.5 6.5 11.5 12.5 4.5", "done"),
        Mark::Running(_) => ("running", "", "running"),
        Mark::Awaited => ("awaited", "", "awaited"),
        Mark::Stopped => ("stopped", "M5 5l6 6M11 5l-6 6", "stopped here"),
        Mark::Ahead => ("ahead", "", "not reached"),
    };
    let time = move || match mark {
        Mark::Done(seconds) => seconds.map(duration).unwrap_or_default(),
        Mark::Running(since) => duration(seconds_between(since, browser.now.get()).floor()),
        Mark::Awaited => "waiting".to_owned(),
        Mark::Stopped => "stopped".to_owned(),
        Mark::Ahead => String::new(),
    };
    view! {
        <li
            class=format!("station {class}")
            title=move || (mark == Mark::Stopped).then(|| reason.get()).flatten()
            aria-current=matches!(mark, Mark::Running(_)).then_some("step")>
            <span class="station-mark">
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <path d=sign></path>
                </svg>
            </span>
            <span class="station-name">
                {stage.label()} <span class="sr-only">{format!(", {word}")}</span>
            </span>
            <span class="station-time">{time}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FixSummary, Provider};
    use chrono::TimeDelta;

    /// A fix with that status whose events reach those stations, ten seconds apart.
    fn fix(status: FixStatus, story: &[(FixStatus, Option<Stage>)]) -> FixDetail {
        let at = |index: usize| Timestamp::UNIX_EPOCH + TimeDelta::seconds(10 * index as i64);
        let events = story
            .iter()
            .enumerate()
            .map(|(index, (status, stage))| FixEvent {
                fix_id: "f".to_owned(),
                seq: index as i64 + 1,
                at: at(index),
                kind: EventKind::Status { status: *status, reason_code: None, reason: None, stage: *stage },
            })
            .collect();
        let summary = FixSummary {
            id: "f".to_owned(),
            provider: Provider::VERCEL,
            platform_deployment_id: "dpl_1".to_owned(),
            project_name: "shop".to_owned(),
            repository: "acme/shop".to_owned(),
            branch: None,
            commit_sha: None,
            status,
            error_message: None,
            reason_code: None,
            reason: None,
            pr_url: None,
            pr_number: None,
            attempt: 0,
            created_at: at(0),
            completed_at: None,
        };
        FixDetail {
            summary,
            deployment: None,
            finding: None,
            finding_disputed_at: None,
            log: None,
            log_kept_days: None,
            trace_id: None,
            diff: None,
            fix_summary: None,
            fellows: Vec::new(),
            attempts: vec![],
            events,
        }
    }

    /// One letter per station: d(one), r(unning), w(aited for), s(topped), `.` ahead.
    fn letters(fix: &FixDetail) -> String {
        let letter = |mark| match mark {
            Mark::Done(_) => 'd',
            Mark::Running(_) => 'r',
            Mark::Awaited => 'w',
            Mark::Stopped => 's',
            Mark::Ahead => '.',
        };
        stations(fix).into_iter().map(|(_, mark)| letter(mark)).collect()
    }

    #[test]
    fn the_rail_follows_the_status() {
        use FixStatus::{Analyzing, Failed, Fixing, Merged, Pending, PrCreated, Reviewing, Skipped};
        use Stage::{Diagnosed, Fixed, Green, PullRequest, Received, Reproduced, Verified};
        let story = [
            (Pending, Some(Received)),
            (Analyzing, Some(Diagnosed)),
            (Fixing, Some(Reproduced)),
            (Reviewing, Some(Fixed)),
            (Reviewing, Some(Verified)),
            (PrCreated, Some(PullRequest)),
            (Merged, Some(Green)),
        ];
        for (status, events, expected) in [
            (Pending, 1, "dr....."),
            (Analyzing, 1, "dr....."),
            (Analyzing, 2, "ddr...."),
            (Fixing, 3, "dddr..."),
            (Reviewing, 4, "ddddr.."),
            (Reviewing, 5, "dddddr."),
            (PrCreated, 6, "ddddddw"),
            (Merged, 6, "ddddddw"),
            (Merged, 7, "ddddddd"),
            (Skipped, 2, "dds...."),
            (Failed, 3, "ddds..."),
            (Failed, 4, "dddds.."),
        ] {
            assert_eq!(letters(&fix(status, &story[..events])), expected, "{status:?} after {events}");
        }
    }

    #[test]
    fn an_attempt_that_was_sent_back_counts_as_fixing() {
        use FixStatus::{Analyzing, Fixing, Pending, Reviewing};
        let story = [
            (Pending, Some(Stage::Received)),
            (Analyzing, Some(Stage::Diagnosed)),
            (Fixing, Some(Stage::Reproduced)),
            (Reviewing, Some(Stage::Fixed)),
            (Fixing, None),
        ];
        assert_eq!(letters(&fix(Fixing, &story)), "dddr...");
        let mut again = story.to_vec();
        again.push((Reviewing, Some(Stage::Fixed)));
        let marks = stations(&fix(Reviewing, &again));
        assert_eq!(marks[3], (Stage::Fixed, Mark::Done(Some(30.0))));
    }

    #[test]
    fn a_second_run_forgets_the_first() {
        use FixStatus::{Analyzing, Failed, Pending};
        let story = [
            (Pending, Some(Stage::Received)),
            (Analyzing, Some(Stage::Diagnosed)),
            (Analyzing, Some(Stage::Reproduced)),
            (Failed, None),
            (Pending, None),
            (Analyzing, Some(Stage::Diagnosed)),
        ];
        let fix = fix(Analyzing, &story);
        assert_eq!(letters(&fix), "ddr....");
        assert_eq!(stations(&fix)[1].1, Mark::Done(Some(10.0)));
    }
}
