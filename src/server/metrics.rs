//! Every stage → numbers for Prometheus. Names carry their unit; counters end in `_total`.
//!
//! What happens is counted where it happens. What is so now (fixes that wait, connections of the pool) is looked up when
//! somebody asks, and is the same whichever process is asked on one database.

use super::{
    db::{Db, fixes},
    retention,
    sandbox::EndedBy,
};
use crate::model::{Attempt, FixStatus, Timestamp};
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::{Duration, Instant};

/// The version that answers.
pub const BUILD_INFO: &str = "deploymend_build_info";
/// Answers, by method, route and status.
pub const HTTP_SECONDS: &str = "deploymend_http_request_duration_seconds";
/// Webhook deliveries, by provider and what was decided.
pub const DELIVERIES: &str = "deploymend_webhook_deliveries_total";
/// Polls of connections, by provider and outcome.
pub const POLLS: &str = "deploymend_polls_total";
/// How long they took.
pub const POLL_SECONDS: &str = "deploymend_poll_duration_seconds";
/// Unfinished fixes in the database, by status: `pending` is the queue.
pub const UNFINISHED: &str = "deploymend_fixes_unfinished";
/// The age of the oldest fix that waits for a worker.
pub const OLDEST_WAITING: &str = "deploymend_fix_queue_oldest_seconds";
/// Fixes that ended, by status and reason.
pub const ENDED: &str = "deploymend_fixes_ended_total";
/// How long a worker was in a stage of a fix.
pub const STAGE_SECONDS: &str = "deploymend_fix_stage_duration_seconds";
/// Runs of the agent, by outcome.
pub const AGENT_SECONDS: &str = "deploymend_agent_run_duration_seconds";
/// Tokens of the model, read and written.
pub const AGENT_TOKENS: &str = "deploymend_agent_tokens_total";
/// US dollars of a run.
pub const AGENT_COST: &str = "deploymend_agent_run_cost_dollars";
/// Sandboxes that were to be made.
pub const SANDBOX_STARTS: &str = "deploymend_sandbox_starts_total";
/// Commands that a limit ended, or a person.
pub const SANDBOX_KILLS: &str = "deploymend_sandbox_kills_total";
/// Commands in a sandbox.
pub const SANDBOX_COMMAND_SECONDS: &str = "deploymend_sandbox_command_duration_seconds";
/// Connections of this process to the database, by state.
pub const CONNECTIONS: &str = "deploymend_database_connections";
/// As many as there may be.
pub const CONNECTIONS_MAX: &str = "deploymend_database_connections_max";
/// What retention removed, by kind.
pub const REMOVED: &str = "deploymend_retention_removed_total";

/// All of them.
pub const NAMES: [&str; 18] = [
    BUILD_INFO,
    HTTP_SECONDS,
    DELIVERIES,
    POLLS,
    POLL_SECONDS,
    UNFINISHED,
    OLDEST_WAITING,
    ENDED,
    STAGE_SECONDS,
    AGENT_SECONDS,
    AGENT_TOKENS,
    AGENT_COST,
    SANDBOX_STARTS,
    SANDBOX_KILLS,
    SANDBOX_COMMAND_SECONDS,
    CONNECTIONS,
    CONNECTIONS_MAX,
    REMOVED,
];

/// Buckets of what people wait for, in seconds.
pub const QUICK: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Buckets of what machines work on, in seconds.
pub const LONG: [f64; 10] = [0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];
/// Buckets of costs, in US dollars.
pub const DOLLARS: [f64; 8] = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// All names with their help, so that `/metrics` explains itself.
pub fn describe() {
    describe_gauge!(BUILD_INFO, "1, with the version as a label");
    describe_histogram!(
        HTTP_SECONDS,
        Unit::Seconds,
        "Time until an answer began, by method, route and status"
    );
    describe_counter!(DELIVERIES, "Webhook deliveries, by provider and decision");
    describe_counter!(POLLS, "Polls of connections, by provider and outcome");
    describe_histogram!(POLL_SECONDS, Unit::Seconds, "Time that a poll of a connection took, by provider");
    describe_gauge!(UNFINISHED, "Unfinished fixes in the database, by status");
    describe_gauge!(OLDEST_WAITING, Unit::Seconds, "Age of the oldest fix that waits for a worker");
    describe_counter!(ENDED, "Fixes that ended, by status and reason");
    describe_histogram!(STAGE_SECONDS, Unit::Seconds, "Time that a worker was in a stage of a fix");
    describe_histogram!(AGENT_SECONDS, Unit::Seconds, "Time that a run of the agent took, by outcome");
    describe_counter!(AGENT_TOKENS, "Tokens of the model, by direction");
    describe_histogram!(AGENT_COST, "US dollars that a run of the agent cost");
    describe_counter!(SANDBOX_STARTS, "Sandboxes that were to be made, by outcome");
    describe_counter!(SANDBOX_KILLS, "Commands in a sandbox that were ended, by reason");
    describe_histogram!(
        SANDBOX_COMMAND_SECONDS,
        Unit::Seconds,
        "Time that a command in a sandbox took, by slot"
    );
    describe_gauge!(CONNECTIONS, "Connections of this process to the database, by state");
    describe_gauge!(CONNECTIONS_MAX, "Connections that this process may have to the database");
    describe_counter!(REMOVED, "Rows and texts that retention removed, by kind");
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    // What has not happened yet is 0, not missing.
    for limit in EndedBy::ALL {
        counter!(SANDBOX_KILLS, "reason" => limit.code()).increment(0);
    }
    for kind in retention::KINDS {
        counter!(REMOVED, "kind" => kind).increment(0);
    }
}

/// The name of a method. Anybody may call one what they like.
pub fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE") => known,
        _ => "other",
    }
}

/// Measures how long each route takes to answer. What no route answers counts as one.
pub async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = method(request.method()).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let labels = [("method", method), ("route", route), ("status", response.status().as_str().to_owned())];
    histogram!(HTTP_SECONDS, &labels).record(begun.elapsed());
    response
}

/// A fix has ended.
pub fn ended(status: FixStatus, reason: Option<&str>) {
    let labels = [("status", status.as_str().to_owned()), ("reason", reason.unwrap_or("none").to_owned())];
    counter!(ENDED, &labels).increment(1);
}

/// A worker was in that stage for so long.
pub fn stage(status: FixStatus, took: Duration) {
    histogram!(STAGE_SECONDS, "stage" => status.as_str()).record(took);
}

/// A run of the agent has ended.
pub fn agent(attempt: &Attempt) {
    histogram!(AGENT_SECONDS, "outcome" => attempt.outcome.clone()).record(attempt.seconds);
    for (direction, tokens) in [("input", attempt.input_tokens), ("output", attempt.output_tokens)] {
        counter!(AGENT_TOKENS, "direction" => direction).increment(tokens.try_into().unwrap_or(0));
    }
    histogram!(AGENT_COST).record(attempt.cost_usd);
}

/// A poll has ended.
pub fn poll(provider: &str, outcome: &'static str, took: Duration) {
    counter!(POLLS, "provider" => provider.to_owned(), "outcome" => outcome).increment(1);
    histogram!(POLL_SECONDS, "provider" => provider.to_owned()).record(took);
}

/// Looks up what is so now. A database that does not answer leaves the last figures and says so in the log.
pub async fn look(db: &Db, now: Timestamp) {
    let (idle, all, most) = db.connections();
    gauge!(CONNECTIONS, "state" => "idle").set(f64::from(idle));
    gauge!(CONNECTIONS, "state" => "used").set(f64::from(all.saturating_sub(idle)));
    gauge!(CONNECTIONS_MAX).set(f64::from(most));
    match fixes::counts::unfinished(db).await {
        Ok(counted) => {
            for (status, count) in counted {
                gauge!(UNFINISHED, "status" => status.as_str()).set(count as f64);
            }
        }
        Err(error) => tracing::warn!(%error, "Unfinished fixes could not be counted"),
    }
    match fixes::oldest_waiting(db, now).await {
        Ok(since) => gauge!(OLDEST_WAITING)
            .set(since.map_or(0.0, |since| (now - since).num_milliseconds() as f64 / 1_000.0)),
        Err(error) => tracing::warn!(%error, "The oldest waiting fix could not be found"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every name in a file of `ops/`, without what Prometheus adds to histograms.
    fn named(text: &str) -> BTreeSet<&str> {
        let names = regex::Regex::new("deploymend_[a-z_]+").unwrap();
        let plain = |name| {
            let parts = ["_bucket", "_sum", "_count"];
            parts.iter().find_map(|part| str::strip_suffix(name, part)).unwrap_or(name)
        };
        names.find_iter(text).map(|found| plain(found.as_str())).collect()
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_no_other() {
        let dashboard = include_str!("../../ops/grafana/deploymend.json");
        assert!(serde_json::from_str::<serde_json::Value>(dashboard).is_ok());
        assert_eq!(named(dashboard), BTreeSet::from(NAMES));
        let alerts = include_str!("../../ops/prometheus/deploymend.yml");
        assert!(named(alerts).is_subset(&BTreeSet::from(NAMES)));
    }

    #[test]
    fn names_say_their_unit() {
        for name in NAMES {
            let fine = ["_total", "_seconds", "_dollars", "_info"].iter().any(|end| name.ends_with(end));
            assert!(fine || [UNFINISHED, CONNECTIONS, CONNECTIONS_MAX].contains(&name), "{name}");
        }
    }
}
