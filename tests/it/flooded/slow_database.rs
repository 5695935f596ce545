//! Deliveries while somebody else has the database for themselves.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::{flood::Deliveries, house::House};
use deploymend::server::{
    db::{Db, Pool},
    http::limits::deliveries::Limits,
};
use futures::future::join_all;
use http_body_util::BodyExt as _;
use std::time::Duration;

const DELIVERIES: u64 = 12;

/// Nobody else stores anything until it is let go of.
enum Held {
    Sqlite(sqlx::pool::PoolConnection<sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Held {
    async fn take(db: &Db) -> Self {
        match &db.pool {
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await.unwrap();
                sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.unwrap();
                Self::Sqlite(connection)
            }
            Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await.unwrap();
                let lock = sqlx::query("LOCK TABLE deployments, webhook_deliveries IN ACCESS EXCLUSIVE MODE");
                lock.execute(&mut *transaction).await.unwrap();
                Self::Postgres(transaction)
            }
        }
    }

    async fn let_go(self) {
        match self {
            Self::Sqlite(mut connection) => {
                sqlx::query("ROLLBACK").execute(&mut *connection).await.unwrap();
            }
            Self::Postgres(transaction) => transaction.rollback().await.unwrap(),
        }
    }
}

/// Status, and what the answer says.
async fn deliver(house: &House, deliveries: &Deliveries, number: u64) -> (u16, Option<String>, String) {
    let (parts, body) = deliveries.genuine(number).unwrap().into_parts();
    let url = format!("{}{}", house.address, parts.uri.path());
    let body = body.collect().await.unwrap().to_bytes();
    let answer = house.client.post(url).headers(parts.headers).body(body).send().await.unwrap();
    let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), again, answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_answered_while_the_database_is_held_and_taken_when_it_is_not() {
    let limits = Limits {
        at_once: 3,
        waiting: 3,
        patience: Duration::from_millis(100),
        answer_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let house = House::limited(limits).await;
    let seeded = house.seed().await;
    house.connect(&seeded.vercel_token).await.unwrap();
    let deliveries = Deliveries::of(&house.standins, &seeded.project_id).await.unwrap();
    let before = house.fixes().await.len();

    let held = Held::take(&house.state.db).await;
    let answers = join_all((0..DELIVERIES).map(|number| deliver(&house, &deliveries, number))).await;
    for (status, again, body) in &answers {
        assert_eq!((*status, again.as_deref()), (503, Some("10")), "{body}");
        assert!(body.contains(r#""code":"overloaded""#), "{body}");
    }
    held.let_go().await;

    // As a platform does: until it is taken. One that was given up may have been stored all the same.
    for number in 0..DELIVERIES {
        let taken = loop {
            let (status, _, body) = deliver(&house, &deliveries, number).await;
            match status {
                503 => tokio::task::yield_now().await,
                status => break (status, body),
            }
        };
        let (status, body) = taken;
        assert_eq!(status, 200, "{body}");
        assert!(["queued", "skipped", "duplicate"].iter().any(|action| body.contains(action)), "{body}");
    }
    assert_eq!(house.fixes().await.len() - before, usize::try_from(DELIVERIES).unwrap());
}
