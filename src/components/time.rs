//! Times and durations as people read them: relative on the surface, exact on hover, exact for machines.

use super::browser::Browser;
use crate::model::Timestamp;
use chrono::{Datelike, Timelike};
use leptos::prelude::*;

/// `4 min ago`. Times in the future count as now: clocks differ.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    match (now - at).num_seconds() {
        ..10 => "just now".to_owned(),
        seconds @ 10..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds @ 86_400..2_592_000 => format!("{} d ago", seconds / 86_400),
        _ => format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day()),
    }
}

/// `in 4 h`, `in 12 days`, `expired`.
pub fn until(now: Timestamp, at: Timestamp) -> String {
    match (at - now).num_seconds() {
        ..1 => "expired".to_owned(),
        seconds @ 1..3_600 => format!("in {} min", seconds / 60 + 1),
        seconds @ 3_600..172_800 => format!("in {} h", seconds / 3_600),
        seconds => format!("in {} days", seconds / 86_400),
    }
}

/// `3.4 s`, `42 s`, `3 min 05 s`, `1 h 04 min`.
pub fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    // A duration is finite and far below the limit of i64; the cast saturates.
    let whole = seconds.round() as i64;
    match whole {
        ..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
    }
}

/// The seconds between two times.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).num_milliseconds() as f64 / 1_000.0
}

/// `2026-11-23 12:04:05 UTC`.
fn exact(at: Timestamp) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// RFC 3339, to the second.
fn machine(at: Timestamp) -> String {
    exact(at).replacen(' ', "T", 1).replace(" UTC", "Z")
}

/// How long ago something was.
#[component]
pub fn Ago(
    /// When it was.
    at: Timestamp,
) -> impl IntoView {
    let browser = Browser::expect();
    let text = Memo::new(move |_| ago(browser.now.get(), at));
    view! {
        <time class="time" datetime=machine(at) title=move || browser.local(at).unwrap_or_else(|| exact(at))>
            {move || text.get()}
        </time>
    }
}

/// How long it is until something ends.
#[component]
pub fn Until(
    /// When it ends.
    at: Timestamp,
) -> impl IntoView {
    let browser = Browser::expect();
    let text = Memo::new(move |_| until(browser.now.get(), at));
    view! {
        <time class="time" datetime=machine(at) title=move || browser.local(at).unwrap_or_else(|| exact(at))>
            {move || text.get()}
        </time>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn relative_times_step_through_their_units() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
        for (seconds, text) in [
            (-30, "just now"),
            (9, "just now"),
            (10, "10 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (86_400, "1 d ago"),
            (2_592_000, "2024-09-04"),
        ] {
            assert_eq!(ago(now, now - TimeDelta::seconds(seconds)), text, "{seconds} s");
        }
    }

    #[test]
    fn what_is_ahead_steps_through_its_units() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
        for (seconds, text) in [
            (0, "expired"),
            (30, "in 1 min"),
            (3_600, "in 1 h"),
            (172_799, "in 47 h"),
            (172_800, "in 2 days"),
        ] {
            assert_eq!(until(now, now + TimeDelta::seconds(seconds)), text, "{seconds} s");
        }
    }

    #[test]
    fn durations_keep_two_units_at_most() {
        for (seconds, text) in [
            (-1.0, "0.0 s"),
            (0.04, "0.0 s"),
            (3.44, "3.4 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min 00 s"),
            (185.0, "3 min 05 s"),
            (3_840.0, "1 h 04 min"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn machines_get_rfc_3339() {
        let at = Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(1_700_000_000_123);
        assert_eq!(machine(at), "2023-11-14T22:13:20Z");
        assert!(machine(at).parse::<Timestamp>().is_ok());
    }
}
