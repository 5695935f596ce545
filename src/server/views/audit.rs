//! The audit log → `/settings/audit`.

use super::Views;
use crate::{
    model::{ApiError, AuditKind, AuditPage},
    server::db::{
        audit::{self, Which},
        users,
    },
};

/// Rows of a page.
const PAGE: usize = 50;

/// A page of entries: those after the one with the id `after`. The owner sees everybody's, others their own.
pub async fn audit(
    views: &Views,
    user_id: &str,
    kind: Option<AuditKind>,
    after: Option<&str>,
) -> Result<AuditPage, ApiError> {
    let db = &views.platforms.db;
    let everybody = users::is_owner(db, user_id).await?;
    let which = Which { user_id: (!everybody).then_some(user_id), kind, after };
    // One more says whether there is a next page.
    let mut entries = audit::list(db, which, PAGE as u64 + 1).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let next = entries.last().filter(|_| more).map(|entry| entry.id.clone());
    Ok(AuditPage { entries, next, everybody })
}
