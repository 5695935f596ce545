//! Whether a fix of a failure starts by itself, and if not, why: the brakes.

use super::Failure;
use crate::server::{
    db::{DbError, entity::subscription, fixes, subscriptions, tasks},
    integrations::PlatformContext,
};
use chrono::TimeDelta;

/// Why no fix starts by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub sentence: String,
}

impl Reason {
    fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

/// The first brake that holds; `None` starts a fix.
pub async fn brake(
    ctx: &PlatformContext,
    watched: &subscription::Model,
    failure: &Failure,
) -> Result<Option<Reason>, DbError> {
    if let Some(reason) = standing(ctx, watched, failure) {
        return Ok(Some(reason));
    }
    let day_ago = ctx.clock.now() - TimeDelta::days(1);
    let limit = ctx.config.daily_fixes;
    let fixes = fixes::started_by_themselves(&ctx.db, &watched.user_id, day_ago, limit).await?;
    if fixes >= limit {
        let sentence = format!(
            "{fixes} fixes have started in the last 24 hours; the limit is {limit}. Start this one by hand."
        );
        return Ok(Some(Reason::new("daily_fixes", sentence)));
    }
    let cost = tasks::cost_since(&ctx.db, &watched.user_id, day_ago).await?;
    if cost >= ctx.config.daily_cost_usd {
        let sentence = format!(
            "The model has cost ${cost:.2} in the last 24 hours; the limit is ${:.2}. Start this one by hand.",
            ctx.config.daily_cost_usd
        );
        return Ok(Some(Reason::new("daily_cost", sentence)));
    }
    Ok(None)
}

/// The brakes that need no counting.
fn standing(ctx: &PlatformContext, watched: &subscription::Model, failure: &Failure) -> Option<Reason> {
    let since = subscriptions::watched_since(watched, ctx.clock.now());
    let older = |at: Option<_>| at.is_some_and(|at| at < since);
    if failure.from_fork {
        return Some(Reason::new(
            "fork",
            "The deployment was built from a fork, and its code is a stranger's.",
        ));
    }
    if let Some(limit) = subscriptions::repository_kind(watched).limit() {
        return Some(Reason::new("no_pull_request", limit));
    }
    if !watched.auto_fix_enabled {
        return Some(Reason::new("auto_fix_off", "Auto-fix is off for this project."));
    }
    if older(failure.created_at) || older(failure.failed_at) {
        return Some(Reason::new("before_subscription", "The deployment is older than the connection."));
    }
    if ctx.config.paused {
        return Some(Reason::new("paused", "All fixes are paused on this server."));
    }
    None
}
