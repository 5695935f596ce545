//! When a connection is asked again: soon while something goes on, slowly while it is quiet, later when the platform
//! wants to be left alone.

use crate::{
    model::Timestamp,
    server::{db::entity::integration, integrations::RateBudget},
};
use chrono::TimeDelta;
use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

/// A busy connection is asked this many times as often as a quiet one.
const FASTER: u32 = 3;
/// How far a pause may differ from what it should be, in parts of a thousand, so that connections do not all ask at
/// the same moment.
const JITTER: u64 = 100;

/// A platform that gives no usable answer is asked at least this often, unless the interval is longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);
/// Doublings after which that is reached whatever the interval.
const MOST_DOUBLINGS: u32 = 16;
/// No window is waited for longer than this: its end may be told wrong, or the clock may have been set back since.
const LONGEST_WINDOW: TimeDelta = TimeDelta::hours(1);

/// What the pause before the next poll depends on.
#[derive(Clone, Debug)]
pub struct Pace<'a> {
    /// The pause while nothing happens.
    pub interval: Duration,
    /// Something is being built.
    pub busy: bool,
    /// Polls in a row that got no usable answer.
    pub failures: u32,
    /// How long the platform asked to be left alone.
    pub patience: Option<Duration>,
    /// What the platform still allows.
    pub budget: Option<RateBudget>,
    /// What the jitter is made from, beside the time.
    pub seed: &'a str,
}

impl Pace<'_> {
    /// When the next poll is due.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let pause = match self.failures {
            0 if self.busy => self.interval / FASTER,
            0 | 1 => self.interval,
            failures => {
                let doubled = self.interval.saturating_mul(1 << (failures - 1).min(MOST_DOUBLINGS));
                doubled.min(LONGEST_BACK_OFF.max(self.interval))
            }
        };
        let mut next = now + in_delta(self.jittered(pause, now));
        if let Some(patience) = self.patience {
            next = next.max(now + in_delta(patience));
        }
        // The last third of a window belongs to fixes and to pages.
        if let Some(budget) = self.budget.filter(|budget| budget.remaining.saturating_mul(3) < budget.limit) {
            next = next.max(budget.reset_at.min(now + LONGEST_WINDOW));
        }
        next
    }

    fn jittered(&self, pause: Duration, now: Timestamp) -> Duration {
        let mut hasher = DefaultHasher::new();
        (self.seed, now).hash(&mut hasher);
        let thousandths = 1_000 - JITTER + hasher.finish() % (2 * JITTER + 1);
        pause.mul_f64(thousandths as f64 / 1_000.0)
    }
}

fn in_delta(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1))
}

/// What the last poll saw going on.
pub fn read_busy(row: &integration::Model) -> HashSet<String> {
    row.busy.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// What the next poll will read.
pub fn write_busy(busy: &BTreeSet<String>) -> String {
    serde_json::json!(busy).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn quiet(seed: &str) -> Pace<'_> {
        let interval = Duration::from_secs(45);
        Pace { interval, busy: false, failures: 0, patience: None, budget: None, seed }
    }

    fn seconds(pace: &Pace<'_>) -> f64 {
        (pace.next(now()) - now()).as_seconds_f64()
    }

    proptest! {
        #[test]
        fn nobody_waits_for_a_minute(seed in "[A-Z0-9]{26}", busy: bool) {
            let pace = Pace { busy, ..quiet(&seed) };
            let expected = if busy { 13.5..=16.5 } else { 40.5..=49.5 };
            prop_assert!(expected.contains(&seconds(&pace)));
        }
    }

    #[test]
    fn connections_ask_at_different_moments() {
        let pauses: BTreeSet<u64> =
            (0..20).map(|n| (seconds(&quiet(&format!("connection {n}"))) * 1e3) as u64).collect();
        assert!(pauses.len() > 15, "{pauses:?}");
    }

    #[rstest]
    #[case::plenty(100, 40, false)]
    #[case::a_third(99, 33, false)]
    #[case::little(100, 33, true)]
    #[case::nothing(100, 0, true)]
    fn what_a_platform_still_allows(#[case] limit: u64, #[case] remaining: u64, #[case] waits: bool) {
        let reset_at = now() + TimeDelta::seconds(200);
        let pace = Pace { budget: Some(RateBudget { limit, remaining, reset_at }), ..quiet("x") };
        assert_eq!(pace.next(now()) == reset_at, waits);
    }

    #[test]
    fn a_platform_without_usable_answers_is_asked_less_and_less_often() {
        let pauses: Vec<f64> =
            (1..8).map(|failures| seconds(&Pace { busy: true, failures, ..quiet("x") }).round()).collect();
        let doubled = [45.0, 90.0, 180.0, 360.0, 600.0, 600.0, 600.0];
        for (pause, doubled) in pauses.iter().zip(doubled) {
            assert!((pause / doubled - 1.0).abs() <= 0.11, "{pauses:?}");
        }
        assert!(seconds(&Pace { failures: u32::MAX, ..quiet("x") }) <= 660.0);
    }

    #[test]
    fn the_end_of_a_window_that_lies_a_day_ahead_is_not_waited_for() {
        let reset_at = now() + TimeDelta::days(1);
        let pace = Pace { budget: Some(RateBudget { limit: 9, remaining: 0, reset_at }), ..quiet("x") };
        assert_eq!(pace.next(now()), now() + LONGEST_WINDOW);
    }

    #[test]
    fn patience_is_never_shortened() {
        let pace = Pace { busy: true, patience: Some(Duration::from_secs(600)), ..quiet("x") };
        assert_eq!(seconds(&pace), 600.0);
        let pace = Pace { patience: Some(Duration::from_secs(1)), ..quiet("x") };
        assert!(seconds(&pace) > 40.0);
    }
}
