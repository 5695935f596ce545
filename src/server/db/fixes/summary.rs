//! Stored rows → what lists show of a fix.
//!
//! A newer version may have stored fixes of platforms that this one does not know. None of them is passed off as
//! another platform's: who asks for that one fix gets an error, and a list goes on without it.

use crate::{
    model::{FixStatus, FixSummary, Provider},
    server::db::{DbError, entity::deployment},
};

/// What lists show of a fix.
///
/// # Errors
/// [`DbError::UnknownProvider`]: another version stored it.
pub fn summary(row: &deployment::Model) -> Result<FixSummary, DbError> {
    Ok(FixSummary {
        id: row.id.clone(),
        provider: provider(&row.provider)?,
        platform_deployment_id: row.platform_deployment_id.clone(),
        project_name: row.project_name.clone(),
        repository: row.repository.clone(),
        branch: row.branch.clone(),
        commit_sha: row.commit_sha.clone(),
        status: FixStatus::parse(&row.fix_status).unwrap_or(FixStatus::Failed),
        error_message: row.error_message.clone(),
        reason_code: row.reason_code.clone(),
        reason: row.reason.clone(),
        pr_url: row.pr_url.clone(),
        pr_number: row.pr_number,
        attempt: row.fix_attempt_number,
        created_at: row.created_at,
        completed_at: row.completed_at,
    })
}

/// The platform of that stored name.
pub(super) fn provider(name: &str) -> Result<Provider, DbError> {
    name.parse().map_err(|_| DbError::UnknownProvider(name.to_owned()))
}

/// One of several fixes. What cannot be read is left out, for the sake of the others, and the log says so.
pub fn or_skipped<T>(fix_id: &str, fix: Result<T, DbError>) -> Option<T> {
    fix.inspect_err(|error| tracing::warn!(fix_id, %error, "a stored fix is left out")).ok()
}
