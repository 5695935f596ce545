//! Uses of stored tokens, once for each token, purpose and day; and what is done without a request.

use super::DONE;
use crate::{
    model::{AuditKind, Timestamp},
    server::{
        clock::new_id,
        db::{
            Db, DbError,
            audit::{self, NewEntry},
            entity::{account, api_token, integration},
        },
    },
};
use moka::sync::Cache;
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

/// Uses that this process has noted lately: the database need not be asked again. Keys hold ids, so that databases do
/// not get into each other's way.
static NOTED: LazyLock<Cache<String, ()>> = LazyLock::new(|| {
    Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(24 * 60 * 60)).build()
});

/// What a token was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Looking for failures.
    Poll,
    /// Working on a fix.
    Fix,
    /// Following an open pull request.
    Watch,
    /// Showing a page, or answering a program.
    Page,
    /// Changing what is watched, and its webhooks.
    Connection,
    /// Reading or changing over the REST API.
    Api,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Fix => "fix",
            Self::Watch => "watch",
            Self::Page => "page",
            Self::Connection => "connection",
            Self::Api => "api",
        }
    }
}

/// A stored token, as the log names it.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    action: &'static str,
    id: &'a str,
    user_id: &'a str,
    name: &'a str,
}

impl<'a> From<&'a integration::Model> for Used<'a> {
    fn from(row: &'a integration::Model) -> Self {
        Self { action: "platform_token.use", id: &row.id, user_id: &row.user_id, name: &row.provider }
    }
}

impl<'a> From<&'a account::Model> for Used<'a> {
    fn from(row: &'a account::Model) -> Self {
        Self { action: "github_token.use", id: &row.id, user_id: &row.user_id, name: &row.login }
    }
}

impl<'a> From<&'a api_token::Model> for Used<'a> {
    fn from(row: &'a api_token::Model) -> Self {
        Self { action: "api_token.use", id: &row.id, user_id: &row.user_id, name: &row.name }
    }
}

/// Notes that a token was used for a purpose, the first time on a day. What uses it does not wait for the log to work.
pub async fn used<'a>(db: &Db, token: impl Into<Used<'a>>, purpose: Purpose, now: Timestamp) {
    let token = token.into();
    let once = format!("{}:{}:{}:{}", token.action, token.id, purpose.as_str(), now.date_naive());
    if NOTED.contains_key(&once) {
        return;
    }
    let who = if purpose == Purpose::Api { "program" } else { "server" };
    let purpose = purpose.as_str();
    let entry = NewEntry {
        id: new_id(),
        at: now,
        kind: AuditKind::TokenUse,
        action: token.action.to_owned(),
        user_id: Some(token.user_id.to_owned()),
        who: Some(who.to_owned()),
        credential: None,
        address: None,
        object: Some(token.name.to_owned()),
        outcome: DONE.to_owned(),
        details: BTreeMap::from([
            ("purpose".to_owned(), purpose.to_owned()),
            ("id".to_owned(), token.id.to_owned()),
        ]),
        once: Some(once.clone()),
    };
    match audit::append(&db.orm, entry).await {
        Ok(_) => NOTED.insert(once, ()),
        Err(error) => tracing::error!(%error, purpose, "The use of a token could not be noted"),
    }
}

/// Notes what was done by a command of the program, or by the server itself.
///
/// # Errors
/// The database.
pub async fn by_command(
    db: &Db,
    action: &str,
    who: &str,
    details: impl IntoIterator<Item = (&str, String)>,
    now: Timestamp,
) -> Result<(), DbError> {
    let entry = NewEntry {
        id: new_id(),
        at: now,
        kind: AuditKind::Change,
        action: action.to_owned(),
        user_id: None,
        who: Some(who.to_owned()),
        credential: None,
        address: None,
        object: None,
        outcome: DONE.to_owned(),
        details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        once: None,
    };
    audit::append(&db.orm, entry).await.map(drop)
}
