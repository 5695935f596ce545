//! tower-sessions' records ↔ rows of `sessions`.

use super::{
    AuthError,
    context::{AuthContext, BROWSER_KEY, USER_KEY, hash},
};
use crate::server::{
    clock::Clock,
    db::{Db, entity::session, sessions},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result, SessionStore},
};

/// The cookie's name.
const COOKIE: &str = "deploymend_session";
/// From signing in; then the person signs in again.
const LIFETIME_DAYS: i64 = 30;

/// Keeps sessions in the database, under the hash of what the cookie holds.
#[derive(Clone, Debug)]
pub struct DbSessionStore {
    db: Db,
    clock: Clock,
}

/// Gives each request its session. The cookie is kept from scripts and from other sites' requests.
pub fn session_layer(auth: &AuthContext) -> SessionManagerLayer<DbSessionStore> {
    let store = DbSessionStore { db: auth.db.clone(), clock: auth.clock.clone() };
    SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(auth.is_https())
        .with_expiry(Expiry::OnInactivity(Duration::days(LIFETIME_DAYS)))
}

/// Signs the browser in, under a new id: one that was planted before is worth nothing.
pub(super) async fn begin(
    session: &Session,
    user_id: &str,
    browser: String,
) -> std::result::Result<(), AuthError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(USER_KEY, user_id).await?;
    session.insert(BROWSER_KEY, browser).await?;
    Ok(())
}

impl DbSessionStore {
    async fn put(&self, record: &Record, only_new: bool) -> Result<bool> {
        let user_id = record.data.get(USER_KEY).and_then(|id| id.as_str()).map(str::to_owned);
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        // The end is reckoned by our clock, not by the library's.
        let now = self.clock.now();
        let until = now + TimeDelta::days(LIFETIME_DAYS);
        sessions::put(&self.db, row_id(&record.id), user_id, data, until, now, only_new)
            .await
            .map_err(backend)
    }
}

#[async_trait]
impl SessionStore for DbSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.put(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.put(record, false).await.map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sessions::find_seen(&self.db, &row_id(id), self.clock.now()).await.map_err(backend)?;
        row.map(|row| record(*id, &row)).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::remove(&self.db, &row_id(id)).await.map_err(backend)
    }
}

/// The name of a session in the database.
pub(super) fn row_id(id: &Id) -> String {
    hash(&id.to_string())
}

fn record(id: Id, row: &session::Model) -> Result<Record> {
    let decode = |error: &dyn std::fmt::Display| Error::Decode(error.to_string());
    Ok(Record {
        id,
        data: serde_json::from_str(&row.data).map_err(|error| decode(&error))?,
        expiry_date: OffsetDateTime::from_unix_timestamp(row.expires_at.timestamp())
            .map_err(|error| decode(&error))?,
    })
}

fn backend(error: crate::server::db::DbError) -> Error {
    Error::Backend(error.to_string())
}

/// The browser that a session belongs to, in a few words.
pub fn browser_of(row: &session::Model) -> String {
    let data: serde_json::Value = serde_json::from_str(&row.data).unwrap_or_default();
    data[BROWSER_KEY].as_str().unwrap_or("Unknown browser").to_owned()
}
