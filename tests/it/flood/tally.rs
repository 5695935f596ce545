//! What was sent and what came back.

use hdrhistogram::Histogram;
use hyper::StatusCode;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Waiting times are kept in microseconds with two digits, up to a minute.
const LONGEST_WAIT: u64 = 60_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Genuine,
    Duplicate,
    Forged,
    Oversized,
    Slow,
    Page,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Genuine => "genuine",
            Self::Duplicate => "duplicate",
            Self::Forged => "forged",
            Self::Oversized => "oversized",
            Self::Slow => "slow",
            Self::Page => "page",
        })
    }
}

/// What came of the requests of one kind.
pub struct Row {
    /// By status; `None`: no answer, as when the server was killed.
    pub statuses: BTreeMap<Option<u16>, u64>,
    /// Of those that were answered.
    waited: Histogram<u64>,
}

impl Row {
    pub fn sent(&self) -> u64 {
        self.statuses.values().sum()
    }

    pub fn of(&self, status: StatusCode) -> u64 {
        self.statuses.get(&Some(status.as_u16())).copied().unwrap_or_default()
    }

    pub fn ms(&self, quantile: f64) -> f64 {
        self.waited.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Shared by all senders.
#[derive(Default)]
pub struct Tally {
    rows: Mutex<BTreeMap<Kind, Row>>,
    acknowledged: Mutex<Vec<u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub fn answered(&self, kind: Kind, status: Option<StatusCode>, waited: Duration) {
        let mut rows = lock(&self.rows);
        let row = rows.entry(kind).or_insert_with(|| Row {
            statuses: BTreeMap::new(),
            waited: Histogram::new_with_max(LONGEST_WAIT, 2).expect("two digits"),
        });
        *row.statuses.entry(status.map(|status| status.as_u16())).or_default() += 1;
        if status.is_some() {
            row.waited.saturating_record(u64::try_from(waited.as_micros()).unwrap_or(LONGEST_WAIT));
        }
    }

    /// A genuine delivery that the server said to have.
    pub fn acknowledge(&self, number: u64) {
        lock(&self.acknowledged).push(number);
    }

    pub fn acknowledged_last(&self) -> Option<u64> {
        lock(&self.acknowledged).last().copied()
    }

    pub fn acknowledged(&self) -> Vec<u64> {
        lock(&self.acknowledged).clone()
    }

    /// Looks at what came of one kind.
    pub fn look<T>(&self, kind: Kind, at: impl FnOnce(&Row) -> T) -> Option<T> {
        lock(&self.rows).get(&kind).map(at)
    }

    /// A table for people.
    pub fn print(&self, took: Duration) {
        println!("{:<10} {:>9} {:>8} {:>9} {:>9}  answers", "kind", "sent", "/s", "median ms", "p99 ms");
        for (kind, row) in lock(&self.rows).iter() {
            let rate = row.sent() as f64 / took.as_secs_f64();
            let answers: Vec<String> = row
                .statuses
                .iter()
                .map(|(status, count)| match status {
                    Some(status) => format!("{status}: {count}"),
                    None => format!("none: {count}"),
                })
                .collect();
            let (median, p99) = (row.ms(0.5), row.ms(0.99));
            println!(
                "{kind:<10} {:>9} {rate:>8.0} {median:>9.1} {p99:>9.1}  {}",
                row.sent(),
                answers.join(", ")
            );
        }
    }
}
