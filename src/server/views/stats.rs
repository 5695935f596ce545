//! Fixes → the figures above the list.

use super::Views;
use crate::{
    model::{ApiError, Day, FixStatus, Stats, Timestamp},
    server::db::fixes::{self, Figure, Figures},
};
use chrono::TimeDelta;

/// Days of the sparkline.
const DAYS: i64 = 14;

/// The figures of a user.
pub async fn stats(views: &Views, user_id: &str) -> Result<Stats, ApiError> {
    let now = views.platforms.clock.now();
    let figures = fixes::figures(&views.platforms.db, user_id, first_day(now)).await?;
    Ok(count(&figures, now))
}

/// Failures of the last 24 hours that have led to no pull request: the number beside "Deployments".
pub(super) async fn failing(views: &Views, user_id: &str) -> Result<u64, ApiError> {
    let yesterday = views.platforms.clock.now() - TimeDelta::days(1);
    let figures = fixes::figures(&views.platforms.db, user_id, yesterday).await?;
    Ok(figures.recent.iter().filter(|figure| !led_to_pull_request(figure.status)).count() as u64)
}

/// Midnight UTC at the start of the oldest day shown.
fn first_day(now: Timestamp) -> Timestamp {
    midnight(now) - TimeDelta::days(DAYS - 1)
}

fn midnight(at: Timestamp) -> Timestamp {
    at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
}

const fn led_to_pull_request(status: FixStatus) -> bool {
    matches!(status, FixStatus::PrCreated | FixStatus::Merged)
}

fn count(figures: &Figures, now: Timestamp) -> Stats {
    let yesterday = now - TimeDelta::days(1);
    let of_day = |start: Timestamp, wanted: fn(&Figure) -> bool| {
        let end = start + TimeDelta::days(1);
        let hits = figures.recent.iter().filter(|figure| (start..end).contains(&figure.created_at));
        u32::try_from(hits.filter(|figure| wanted(figure)).count()).unwrap_or(u32::MAX)
    };
    let days = (0..DAYS).map(|index| {
        let start = first_day(now) + TimeDelta::days(index);
        Day {
            start,
            fixed: of_day(start, |figure| led_to_pull_request(figure.status)),
            failed: of_day(start, |figure| figure.status == FixStatus::Failed),
        }
    });
    Stats {
        failed_24h: figures.recent.iter().filter(|figure| figure.created_at >= yesterday).count() as u64,
        being_fixed: figures.unfinished,
        open_pull_requests: figures.open,
        days: days.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_apart() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12);
        let figure = |hours, status| Figure { created_at: now - TimeDelta::hours(hours), status };
        let figures = Figures {
            recent: vec![
                figure(1, FixStatus::Merged),
                figure(2, FixStatus::Failed),
                figure(13, FixStatus::PrCreated),
                figure(30, FixStatus::Skipped),
                figure(13 * 24 + 12, FixStatus::Failed),
            ],
            unfinished: 2,
            open: 1,
        };
        let stats = count(&figures, now);
        assert_eq!((stats.failed_24h, stats.being_fixed, stats.open_pull_requests), (3, 2, 1));
        let facts: Vec<_> = stats.days.iter().map(|day| (day.fixed, day.failed)).collect();
        assert_eq!(facts.len(), 14);
        assert_eq!((facts[0], facts[12], facts[13]), ((0, 1), (1, 0), (1, 1)));
        assert_eq!(stats.fix_rate(), Some(0.5));
        assert_eq!(Stats::default().fix_rate(), None);
    }
}
