//! What a person can do to a fix.

use super::FixContext;
use crate::{
    model::{ApiError, ErrorCode, EventKind, Finding, FixStatus},
    server::{
        db::{
            DbError,
            entity::{deployment, fix_rule},
            fixes,
            fixes::FixChange,
            rules::{self as stored_rules, Place},
            subscriptions,
        },
        fix::jobs::JobQueue,
        rules::{self, Rule},
    },
};

/// Starts an ended fix from its beginning.
///
/// # Errors
/// `Conflict` while it runs, once it has a pull request, and where none can be opened.
pub async fn retry(ctx: &FixContext, queue: &JobQueue, mut fix: deployment::Model) -> Result<(), ApiError> {
    if !matches!(FixStatus::parse(&fix.fix_status), Some(FixStatus::Failed | FixStatus::Skipped)) {
        return Err(ApiError::new(ErrorCode::Conflict, "Only a failed or skipped fix can be tried again."));
    }
    if fix.repository.is_empty() {
        let message = "The project's code is not on github.com, so there is nowhere to open a pull request.";
        return Err(ApiError::new(ErrorCode::Conflict, message));
    }
    let change = FixChange {
        status: Some(FixStatus::Pending),
        fix_attempt_number: Some(1),
        crash_resumes: Some(0),
        cancel_requested: Some(false),
        started_by_hand: Some(true),
        reason_code: Some(None),
        reason: Some(None),
        last_failure: Some(None),
        finding: Some(None),
        // What comes in its place has to be judged anew.
        finding_disputed_at: Some(None),
        matched_rule_id: Some(None),
        logs: Some(None),
        diff: Some(None),
        head_sha: Some(None),
        completed_at: Some(None),
        ..FixChange::default()
    };
    let event =
        EventKind::Status { status: FixStatus::Pending, reason_code: None, reason: None, stage: None };
    ctx.record(&mut fix, change, vec![event]).await?;
    if let Err(error) = queue.push(&format!("{}:{}", fix.id, fix.version), &fix.id).await {
        tracing::warn!(%error, "A fix waits for the reconciler");
    }
    Ok(())
}

/// What came of [`skip_similar`]. Each names the user's own subscription.
#[derive(Clone, Debug)]
pub enum Skipping {
    /// There is a new rule.
    Made(fix_rule::Model),
    /// A rule does so already.
    Already(fix_rule::Model),
    /// The subscription with that id has as many rules as it may have.
    Full(String),
}

/// Makes a rule of the user's own that skips failures like that of an ended fix from now on, asked before all others.
///
/// # Errors
/// `Conflict` while it runs, once it has a pull request, and without a diagnosis.
pub async fn skip_similar(
    ctx: &FixContext,
    user_id: &str,
    fix: &deployment::Model,
) -> Result<Skipping, ApiError> {
    let refused = || {
        ApiError::new(ErrorCode::Conflict, "Only a diagnosed failure that is not repaired can be skipped.")
    };
    if !matches!(FixStatus::parse(&fix.fix_status), Some(FixStatus::Failed | FixStatus::Skipped)) {
        return Err(refused());
    }
    let finding: Finding =
        fix.finding.as_deref().and_then(|json| serde_json::from_str(json).ok()).ok_or_else(refused)?;
    let draft = rules::similar::skipping(&finding).ok_or_else(refused)?;
    let provider = fix.provider.parse().map_err(|_| ApiError::not_found())?;
    let of_fix = subscriptions::find(&ctx.db, &fix.subscription_id).await?.ok_or_else(ApiError::not_found)?;
    // The fix may belong to somebody else who watches the project; the rule belongs to who asks.
    let watchers = subscriptions::watching(&ctx.db, provider, &of_fix.platform_project_id).await?;
    let own = watchers.into_iter().find(|row| row.user_id == user_id).ok_or_else(ApiError::not_found)?;
    let rows = stored_rules::list(&ctx.db, &own.id).await?;
    let existing: Vec<Rule> = rows.iter().cloned().map(Rule::from).collect();
    if let Some(rule) = rules::first_match(&existing, &finding).filter(|rule| rule.skip_fix)
        && let Some(row) = rows.iter().find(|row| row.id == rule.id)
    {
        return Ok(Skipping::Already(row.clone()));
    }
    let input = rules::checked(draft.into())?;
    let rule = stored_rules::create(&ctx.db, &own.id, Place::First, input, ctx.clock.now()).await?;
    Ok(rule.map_or(Skipping::Full(own.id), Skipping::Made))
}

/// Keeps, or takes back, that the diagnosis of a fix was wrong. What the fix comes to stays.
///
/// # Errors
/// `Conflict` without a diagnosis.
pub async fn dispute(ctx: &FixContext, fix: &deployment::Model, wrong: bool) -> Result<(), ApiError> {
    let at = wrong.then(|| ctx.clock.now());
    if fixes::dispute(&ctx.db, &fix.id, at).await? {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Conflict, "There is no diagnosis that could be wrong."))
}

/// Ends a fix. One that a worker holds is ended by that worker within seconds, with its sandbox.
///
/// # Errors
/// `Conflict` when it has ended already.
pub async fn cancel(ctx: &FixContext, mut fix: deployment::Model) -> Result<(), ApiError> {
    if !FixStatus::parse(&fix.fix_status).is_some_and(FixStatus::is_unfinished) {
        return Err(ApiError::new(ErrorCode::Conflict, "This fix has ended already."));
    }
    fixes::request_cancel(&ctx.db, &fix.id).await?;
    let now = ctx.clock.now();
    // One that waits for something outside is held by nobody.
    if fix.lease_owner.is_some() && fix.lease_until.is_some_and(|until| until > now) {
        return Ok(());
    }
    let (status, code, reason) = (FixStatus::Failed, "cancelled", "Cancelled on the deployment page.");
    let change = FixChange {
        status: Some(status),
        reason_code: Some(Some(code.to_owned())),
        reason: Some(Some(reason.to_owned())),
        completed_at: Some(Some(now)),
        ..FixChange::default()
    };
    let event = EventKind::Status {
        status,
        reason_code: Some(code.to_owned()),
        reason: Some(reason.to_owned()),
        stage: None,
    };
    match ctx.record(&mut fix, change, vec![event]).await {
        // A worker has just taken it, and sees the request.
        Err(DbError::Conflict) => Ok(()),
        other => Ok(other?),
    }
}
