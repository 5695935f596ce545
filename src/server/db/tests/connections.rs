//! Where the builds of a connection run.

use super::{at, user};
use crate::{
    model::{BuildsOn, Provider},
    server::db::{
        Db,
        entity::integration,
        integrations::{self, NewIntegration},
        testing,
    },
};
use sea_orm::{EntityTrait as _, sea_query::Expr};

async fn connect(db: &Db, user_id: &str, provider: Provider, token: &str, second: i64) {
    let new = NewIntegration {
        id: format!("{user_id}-{provider}"),
        user_id: user_id.to_owned(),
        provider,
        external_user_id: "usr_1".into(),
        username: "octo".into(),
        access_token: token.into(),
        token_note: None,
        team_id: None,
        expires_at: None,
    };
    integrations::put(db, new, at(second)).await.unwrap();
}

async fn stored(db: &Db, user_id: &str, provider: Provider) -> integration::Model {
    integrations::of_user(db, user_id, provider).await.unwrap().unwrap()
}

async fn runs_on(db: &Db, user_id: &str, provider: Provider) -> BuildsOn {
    integrations::builds_on(&stored(db, user_id, provider).await)
}

#[tokio::test]
async fn where_builds_run_is_set_for_one_connection_and_kept_with_its_next_token() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (one, other) = (user(db, "a@example.test").await, user(db, "b@example.test").await);
    for (user_id, provider) in
        [(&one, Provider::VERCEL), (&one, Provider::RENDER), (&other, Provider::VERCEL)]
    {
        connect(db, user_id, provider, "first", 0).await;
        assert_eq!(runs_on(db, user_id, provider).await, BuildsOn::Here);
    }
    integrations::set_builds_on(db, &one, Provider::VERCEL, BuildsOn::Vercel, at(1)).await.unwrap();
    connect(db, &one, Provider::VERCEL, "second", 2).await;
    let row = stored(db, &one, Provider::VERCEL).await;
    assert_eq!((row.access_token.as_str(), row.builds_on.as_str()), ("second", "vercel"));
    assert_eq!(runs_on(db, &one, Provider::RENDER).await, BuildsOn::Here);
    assert_eq!(runs_on(db, &other, Provider::VERCEL).await, BuildsOn::Here);
    integrations::set_builds_on(db, &one, Provider::VERCEL, BuildsOn::Here, at(3)).await.unwrap();
    let row = stored(db, &one, Provider::VERCEL).await;
    assert_eq!((row.builds_on.as_str(), row.updated_at), ("here", at(3)));
}

/// A later version may know more places.
#[tokio::test]
async fn builds_run_here_where_the_stored_word_is_not_known() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let user_id = user(db, "a@example.test").await;
    connect(db, &user_id, Provider::VERCEL, "token", 0).await;
    for (word, expected) in [("vercel", BuildsOn::Vercel), ("moon", BuildsOn::Here)] {
        integration::Entity::update_many()
            .col_expr(integration::Column::BuildsOn, Expr::value(word))
            .exec(&db.orm)
            .await
            .unwrap();
        assert_eq!(runs_on(db, &user_id, Provider::VERCEL).await, expected, "{word}");
    }
}
