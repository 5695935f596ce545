//! The audit log. Entries are added and, when they are old enough, removed; the database refuses to change one.

use super::{Db, DbError, entity::audit_entry};
use crate::{
    model::{AuditEntry, AuditKind, Timestamp},
    server::audit::{Trail, operations},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::OnConflict,
};
use std::collections::BTreeMap;

/// An entry to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Our id.
    pub id: String,
    /// When it was done.
    pub at: Timestamp,
    /// Which kind.
    pub kind: AuditKind,
    /// What was done.
    pub action: String,
    /// Whose entry it is: they may read it.
    pub user_id: Option<String>,
    /// Who did it, in words.
    pub who: Option<String>,
    /// What they were let in with.
    pub credential: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// On what.
    pub object: Option<String>,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    /// What else is known. Never a secret.
    pub details: BTreeMap<String, String>,
    /// Of entries with the same words here only the first is stored.
    pub once: Option<String>,
}

/// Stores an entry. One that is there already stays as it is; then `false`.
pub async fn append(on: &impl ConnectionTrait, new: NewEntry) -> Result<bool, DbError> {
    let row = audit_entry::ActiveModel {
        id: Set(new.id),
        created_at: Set(new.at),
        kind: Set(new.kind.as_str().to_owned()),
        action: Set(new.action),
        user_id: Set(new.user_id),
        who: Set(new.who),
        credential: Set(new.credential),
        address: Set(new.address),
        object: Set(new.object),
        outcome: Set(new.outcome),
        details: Set(serde_json::to_string(&new.details)?),
        once: Set(new.once),
    };
    let there = OnConflict::new().do_nothing().to_owned();
    let added = audit_entry::Entity::insert(row).on_conflict(there).exec_without_returning(on).await?;
    Ok(added == 1)
}

/// Stores the entry of the request that this task answers in the transaction that makes its change.
pub(super) async fn note(on: &impl ConnectionTrait) -> Result<(), DbError> {
    match Trail::current().and_then(|trail| trail.take()) {
        Some(entry) => append(on, entry).await.map(drop),
        None => Ok(()),
    }
}

/// Which entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// Only this user's; `None`: everybody's.
    pub user_id: Option<&'a str>,
    /// Only this kind.
    pub kind: Option<AuditKind>,
    /// Only those that are older than the one with this id.
    pub after: Option<&'a str>,
}

/// Entries, newest first, at most `limit`.
pub async fn list(db: &Db, which: Which<'_>, limit: u64) -> Result<Vec<AuditEntry>, DbError> {
    let mut found = audit_entry::Entity::find();
    if let Some(user_id) = which.user_id {
        found = found.filter(audit_entry::Column::UserId.eq(user_id));
    }
    if let Some(kind) = which.kind {
        found = found.filter(audit_entry::Column::Kind.eq(kind.as_str()));
    }
    if let Some(after) = which.after {
        found = found.filter(audit_entry::Column::Id.lt(after));
    }
    let rows = found.order_by_desc(audit_entry::Column::Id).limit(limit).all(&db.orm).await?;
    Ok(rows.into_iter().filter_map(read).collect())
}

/// `None` for kinds of a newer version.
fn read(row: audit_entry::Model) -> Option<AuditEntry> {
    Some(AuditEntry {
        kind: AuditKind::parse(&row.kind)?,
        label: operations::label(&row.action).to_owned(),
        details: serde_json::from_str(&row.details).unwrap_or_default(),
        id: row.id,
        at: row.created_at,
        action: row.action,
        who: row.who,
        credential: row.credential,
        address: row.address,
        object: row.object,
        outcome: row.outcome,
    })
}
