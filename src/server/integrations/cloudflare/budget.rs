//! Turns Cloudflare's headers about the rate limit into a [`RateBudget`].
//!
//! `Ratelimit: "default";r=50;t=30` says what is left and for how many seconds, `Ratelimit-Policy: "burst";q=100;w=60`
//! how much a window holds. Both may hold several items, separated by commas.

use crate::{model::Timestamp, server::integrations::RateBudget};
use axum::http::HeaderMap;
use chrono::TimeDelta;

/// What a window holds when no header says so: 1,200 requests in five minutes, by Cloudflare's documentation.
const USUAL_LIMIT: u64 = 1200;
/// No window is longer than this, in seconds.
const LONGEST_WINDOW: u64 = 24 * 3600;

/// An item of either header: its name, and its parameters.
struct Item {
    name: String,
    parameters: Vec<(String, u64)>,
}

impl Item {
    fn get(&self, key: &str) -> Option<u64> {
        self.parameters.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
    }
}

/// The item of which the smallest share is left.
pub fn read(headers: &HeaderMap, now: Timestamp) -> Option<RateBudget> {
    let policies = items(headers, "ratelimit-policy");
    let budgets = items(headers, "ratelimit").into_iter().enumerate().filter_map(|(index, item)| {
        let remaining = item.get("r")?;
        let seconds = i64::try_from(item.get("t")?.min(LONGEST_WINDOW)).ok()?;
        // The names need not agree; then the order does, or there is but one policy.
        let policy = policies.iter().find(|policy| policy.name == item.name);
        let policy = policy.or_else(|| policies.get(index)).or_else(|| policies.first());
        let limit = policy.and_then(|policy| policy.get("q")).unwrap_or(USUAL_LIMIT).max(remaining).max(1);
        Some(RateBudget { limit, remaining, reset_at: now + TimeDelta::seconds(seconds) })
    });
    budgets.min_by(|a, b| {
        let share = |it: &RateBudget, other: &RateBudget| u128::from(it.remaining) * u128::from(other.limit);
        share(a, b).cmp(&share(b, a))
    })
}

fn items(headers: &HeaderMap, name: &str) -> Vec<Item> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| split(value, ',')).filter_map(item).collect()
}

fn item(text: &str) -> Option<Item> {
    let mut parts = split(text, ';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.trim_matches('"').to_owned();
    let parameter = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((key.trim().to_ascii_lowercase(), value.trim().parse().ok()?))
    };
    Some(Item { name, parameters: parts.filter_map(parameter).collect() })
}

/// Splits where `separator` stands outside of quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn budget(limit: &str, policy: &str) -> Option<(u64, u64, i64)> {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let pairs = [("ratelimit", limit), ("ratelimit-policy", policy)];
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let read = read(&HeaderMap::from_iter(headers), now)?;
        Some((read.limit, read.remaining, (read.reset_at - now).num_seconds()))
    }

    #[rstest]
    #[case::as_documented(r#""default";r=50;t=30"#, r#""burst";q=100;w=60"#, Some((100, 50, 30)))]
    #[case::another_order(r#""default"; t=30; r=50"#, r#""default"; w=60; q=100"#, Some((100, 50, 30)))]
    #[case::no_policy(r#""default";r=50;t=30"#, "", Some((1200, 50, 30)))]
    #[case::the_tightest(r#""a";r=50;t=30, "b";r=3;t=9"#, r#""b";q=10;w=60, "a";q=60;w=60"#, Some((10, 3, 9)))]
    #[case::by_position(r#""a";r=50;t=30, "b";r=3;t=9"#, r#""c";q=60;w=60, "d";q=10;w=60"#, Some((10, 3, 9)))]
    #[case::a_comma_in_a_name(r#""a,b;c";r=5;t=9"#, r#""a,b;c";q=10;w=60"#, Some((10, 5, 9)))]
    #[case::without_quotes("default;r=5;t=9", "default;q=10", Some((10, 5, 9)))]
    #[case::more_left_than_there_is(r#""a";r=50;t=30"#, r#""a";q=10;w=60"#, Some((50, 50, 30)))]
    #[case::in_part(r#""default";r=50"#, r#""burst";q=100;w=60"#, None)]
    #[case::rubbish(r#""default";r=-1;t=x"#, "\"", None)]
    #[case::nothing("", "", None)]
    fn headers(#[case] limit: &str, #[case] policy: &str, #[case] expected: Option<(u64, u64, i64)>) {
        assert_eq!(budget(limit, policy), expected);
    }

    proptest! {
        #[test]
        fn rubbish_never_panics(limit in "[ -~]{0,60}", policy in "[ -~]{0,60}", left: u64, seconds: u64) {
            let _ = budget(&limit, &policy);
            let _ = budget(&format!("\"a\";r={left};t={seconds}"), &policy);
        }
    }
}
