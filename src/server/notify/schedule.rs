//! How often and when a message is tried.

use crate::model::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// With the usual first pause of 15 seconds the last try is about a day after the first.
const TRIES: u32 = 8;
const GROWTH: u32 = 4;
/// No receiver puts a message off for longer than this, whatever it asks for.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// When to try again after `attempts` tries, the last of them at `now`. `None`: it is given up.
pub fn again(attempts: i32, first: Duration, asked: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    let made = u32::try_from(attempts).ok()?.max(1);
    if made >= TRIES {
        return None;
    }
    let pause = first.saturating_mul(GROWTH.pow(made - 1));
    Some(now + pause.max(asked.unwrap_or_default()).min(LONGEST))
}

/// How long the receiver asks to be left alone: seconds or a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => (Timestamp::from(httpdate::parse_http_date(value).ok()?) - now).to_std().ok(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(15);

    fn at() -> Timestamp {
        Timestamp::from_timestamp(1_614_265_330, 0).unwrap()
    }

    #[test]
    fn eight_tries_take_about_a_day() {
        let pauses: Vec<i64> =
            (1..8).map(|made| (again(made, FIRST, None, at()).unwrap() - at()).num_seconds()).collect();
        assert_eq!(pauses, [15, 60, 240, 960, 3_840, 15_360, 61_440]);
        assert_eq!(pauses.iter().sum::<i64>() / 3600, 22);
        assert_eq!(again(8, FIRST, None, at()), None);
        assert_eq!(again(8, FIRST, Some(FIRST), at()), None, "nothing asked for makes it nine");
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_less_or_for_ever() {
        let pause = |seconds| {
            let asked = Some(Duration::from_secs(seconds));
            (again(2, FIRST, asked, at()).unwrap() - at()).num_seconds()
        };
        assert_eq!([1, 90, u64::MAX].map(pause), [60, 90, 86_400]);
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        let asked = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, at()).map(|wait| wait.as_secs())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Thu, 25 Feb 2021 15:03:10 GMT"), Some(60));
        assert_eq!(asked("Thu, 25 Feb 2021 15:00:00 GMT"), None, "it is past");
        assert_eq!(asked("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), at()), None);
    }
}
