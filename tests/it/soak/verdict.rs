//! What was seen over time → whether it is flat. Two ways to be wrong: a slow growth that goes on, and a step that is not
//! taken back. Both leave out the first quarter, in which pools and caches fill.

use super::held::Held;
use std::fmt;

/// What has to be flat, and how far it may be off.
struct Rule {
    what: &'static str,
    of: fn(&Held) -> f64,
    /// By how much the line through the second half may rise over it.
    rise: f64,
    /// By how much the most of the last quarter may exceed the most of the second.
    step: f64,
}

const RULES: [Rule; 3] = [
    Rule { what: "memory, MiB", of: |held| held.memory, rise: 8.0, step: 16.0 },
    Rule { what: "handles", of: |held| held.handles as f64, rise: 4.0, step: 16.0 },
    Rule { what: "threads", of: |held| held.threads as f64, rise: 2.0, step: 8.0 },
];

/// What came of one.
pub struct Judged {
    what: &'static str,
    rise: f64,
    step: f64,
    allowed: (f64, f64),
    pub held: bool,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, rise, step, allowed, held } = self;
        let word = if *held { "flat" } else { "GROWS" };
        write!(
            f,
            "{word:<6} {what:<12} rises by {rise:+.2} over the second half (at most {}), the last quarter has {step:+.1} \
             over the second (at most {})",
            allowed.0, allowed.1
        )
    }
}

/// Each rule.
pub fn judge(looks: &[Held]) -> Vec<Judged> {
    let judged = |rule: &Rule| {
        let points: Vec<(f64, f64)> =
            looks.iter().map(|held| (held.at.as_secs_f64(), (rule.of)(held))).collect();
        let (rise, step) = (rise(&points[points.len() / 2..]), step(&points));
        let held = rise <= rule.rise && step <= rule.step;
        Judged { what: rule.what, rise, step, allowed: (rule.rise, rule.step), held }
    };
    RULES.iter().map(judged).collect()
}

/// How far the straight line that fits best rises from the first point to the last.
fn rise(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let common: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    match (points.first(), points.last()) {
        (Some(first), Some(last)) if spread > 0.0 => common / spread * (last.0 - first.0),
        _ => 0.0,
    }
}

/// The most of the last quarter less the most of the second.
fn step(points: &[(f64, f64)]) -> f64 {
    let quarter = points.len() / 4;
    let most = |from: usize, to: usize| points[from..to].iter().map(|point| point.1).fold(0.0, f64::max);
    most(quarter * 3, points.len()) - most(quarter, quarter * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn looks(memory: impl Fn(f64) -> f64) -> Vec<Held> {
        let look = |second: u32| Held {
            at: Duration::from_secs(second.into()),
            memory: memory(f64::from(second) / 1_800.0),
            handles: 40,
            threads: 9,
            processes: 0,
            sandboxes: 0,
            database: 1.0,
        };
        (0..=1_800).step_by(2).map(look).collect()
    }

    fn held(memory: impl Fn(f64) -> f64) -> bool {
        judge(&looks(memory))[0].held
    }

    #[test]
    fn what_fills_early_and_what_goes_up_and_down_is_flat() {
        assert!(held(|_| 100.0));
        assert!(held(|part| 60.0 + 60.0 * (part * 8.0).min(1.0)));
        assert!(held(|part| 100.0 + 5.0 * (part * 100.0).sin()));
    }

    #[test]
    fn a_leak_is_not_and_neither_is_a_step() {
        assert!(!held(|part| 100.0 + 20.0 * part), "40 MiB an hour");
        assert!(!held(|part| if part > 0.8 { 130.0 } else { 100.0 }));
    }
}
