//! What a user was told → `/notifications`.

use crate::{
    model::{ApiError, NotificationsPage},
    server::{
        clock::Clock,
        db::{
            Db,
            notifications::{self, Which},
        },
    },
};

/// Rows of a page.
const PAGE: usize = 50;

/// A page of notifications: those after the one with the id `after`.
pub async fn notifications(
    db: &Db,
    user_id: &str,
    after: Option<&str>,
) -> Result<NotificationsPage, ApiError> {
    // One more says whether there is a next page.
    let mut rows = notifications::list(db, user_id, after, PAGE as u64 + 1).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    Ok(NotificationsPage {
        next: rows.last().filter(|_| more).map(|row| row.id.clone()),
        unread: notifications::unread(db, user_id).await?,
        notifications: rows,
    })
}

/// Whoever opens a fix has read what they were told about it. The page does not wait for it to work.
pub async fn seen(db: &Db, clock: &Clock, user_id: &str, fix_id: &str) {
    let marked = async {
        if notifications::has_unread_of(db, user_id, fix_id).await? {
            notifications::mark_read(db, user_id, Which::OfFix(fix_id.to_owned()), clock.now()).await?;
        }
        Ok::<_, crate::server::db::DbError>(())
    };
    if let Err(error) = marked.await {
        tracing::warn!(fix.id = %fix_id, %error, "It could not be noted that a notification was read");
    }
}
