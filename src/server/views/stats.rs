//! Kept counts → the figures above the list.

use super::Views;
use crate::{
    model::{ApiError, AtLeast, Day, FixStatus, Stats, Timestamp, list::day},
    server::db::fixes::{self, Window, counts::Total},
};
use chrono::TimeDelta;

/// Days of the small charts.
const DAYS: i64 = 14;
/// Failures of one day are counted one by one up to here.
const COUNTED: u64 = 1_000;
/// The newest pull requests, from which the time to one is told.
const TIMED: u64 = 200;

const WITH_PULL_REQUEST: [FixStatus; 2] = [FixStatus::PrCreated, FixStatus::Merged];

/// The figures of these subscriptions.
pub(super) async fn stats(views: &Views, subscriptions: Vec<String>) -> Result<Stats, ApiError> {
    let db = &views.platforms.db;
    let now = views.platforms.clock.now();
    let first = first_day(now);
    let recent = Window { subscriptions: &subscriptions, from: Some(yesterday(now)), ..Window::default() };
    let charted = Window { from: Some(first), ..recent };
    let name = day(first);
    let (arrived, totals, by_day, times) = futures::try_join!(
        fixes::list::count(db, &recent, COUNTED),
        fixes::counts::totals(db, &subscriptions),
        fixes::counts::by_day(db, &subscriptions, &name),
        fixes::list::pull_request_times(db, &charted, TIMED),
    )?;
    let of_status = |wanted: fn(FixStatus) -> bool| sum(&totals, wanted);
    Ok(Stats {
        failed_24h: arrived,
        being_fixed: of_status(FixStatus::is_unfinished),
        open_pull_requests: of_status(|status| status == FixStatus::PrCreated),
        seconds_to_pull_request: median(times.iter().map(seconds).collect()),
        days: days(first, &by_day, &times),
    })
}

/// Failures of the last 24 hours that have led to no pull request: the number beside "Deployments".
pub(super) async fn failing(views: &Views, user_id: &str) -> Result<AtLeast, ApiError> {
    let db = &views.platforms.db;
    let subscriptions: Vec<_> =
        fixes::visible(db, user_id).await?.into_iter().map(|seen| seen.subscription_id).collect();
    let from = Some(yesterday(views.platforms.clock.now()));
    let recent = Window { subscriptions: &subscriptions, from, ..Window::default() };
    let repaired = Window { statuses: &WITH_PULL_REQUEST, ..recent };
    let arrived = fixes::list::count(db, &recent, COUNTED).await?;
    let repaired = fixes::list::count(db, &repaired, COUNTED).await?;
    Ok(AtLeast { count: arrived.count.saturating_sub(repaired.count), more: arrived.more })
}

fn yesterday(now: Timestamp) -> Timestamp {
    now - TimeDelta::days(1)
}

/// Midnight UTC at the start of the oldest day shown.
fn first_day(now: Timestamp) -> Timestamp {
    now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::days(DAYS - 1)
}

fn sum(totals: &[Total], wanted: fn(FixStatus) -> bool) -> u64 {
    totals.iter().filter(|total| wanted(total.status)).map(|total| total.fixes).sum()
}

fn seconds((arrived, opened): &(Timestamp, Timestamp)) -> f64 {
    (*opened - *arrived).num_milliseconds() as f64 / 1_000.0
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn days(first: Timestamp, by_day: &[(String, FixStatus, u64)], times: &[(Timestamp, Timestamp)]) -> Vec<Day> {
    let chart = (0..DAYS).map(|index| {
        let start = first + TimeDelta::days(index);
        let end = start + TimeDelta::days(1);
        let name = day(start);
        let count = |wanted: fn(FixStatus) -> bool| {
            let hits = by_day.iter().filter(|(day, status, _)| *day == name && wanted(*status));
            u32::try_from(hits.map(|(_, _, fixes)| fixes).sum::<u64>()).unwrap_or(u32::MAX)
        };
        let timed = times.iter().filter(|(arrived, _)| (start..end).contains(arrived));
        Day {
            start,
            arrived: count(|_| true),
            fixed: count(FixStatus::has_pull_request),
            failed: count(|status| status == FixStatus::Failed),
            seconds_to_pull_request: median(timed.map(seconds).collect()),
        }
    });
    chart.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_apart() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12);
        let first = first_day(now);
        let by_day = [
            ("2024-09-21".to_owned(), FixStatus::Failed, 1),
            ("2024-10-03".to_owned(), FixStatus::PrCreated, 1),
            ("2024-10-03".to_owned(), FixStatus::Skipped, 4),
            ("2024-10-04".to_owned(), FixStatus::Merged, 1),
            ("2024-10-04".to_owned(), FixStatus::Failed, 2),
        ];
        let times = [(now, now + TimeDelta::seconds(90)), (now, now + TimeDelta::seconds(30))];
        let days = days(first, &by_day, &times);
        let facts: Vec<_> = days.iter().map(|day| (day.arrived, day.fixed, day.failed)).collect();
        assert_eq!(facts.len(), 14);
        assert_eq!((facts[0], facts[1], facts[12], facts[13]), ((1, 0, 1), (0, 0, 0), (5, 1, 0), (3, 1, 2)));
        assert_eq!((days[13].seconds_to_pull_request, days[12].seconds_to_pull_request), (Some(90.0), None));
        let stats = Stats { days, ..Stats::default() };
        assert_eq!(stats.fix_rate(), Some(0.4));
        assert_eq!(Stats::default().fix_rate(), None);
    }
}
