//! Rotation over a database that has a secret in every sealed column.

use super::keys_of;
use crate::{
    model::{Provider, RepositoryKind},
    server::{
        clock::Clock,
        crypto::{CryptoError, KeyRing, Rotation},
        db::{
            Db, accounts,
            entity::integration,
            integrations, outgoing,
            secrets::{self, Place, Stored},
            subscriptions, testing, users,
        },
    },
};
use sea_orm::{EntityTrait as _, sea_query::Expr};
use secrecy::ExposeSecret as _;

/// The columns, and what stands there.
const SECRETS: [(Place, &str); 5] = [
    (Place::AccountToken, "gh-token"),
    (Place::IntegrationToken, "access"),
    (Place::RefreshToken, "refresh"),
    (Place::WebhookSecret, "hook"),
    (Place::OutgoingSecret, "whsec"),
];

/// Stores one secret in each sealed column.
async fn fill(db: &Db, ring: &KeyRing) {
    let now = Clock::System.now();
    let user = users::create_owner(db, "a@example.test", "A", "hash", now).await.unwrap().unwrap();
    let seal = |identity: String, secret: &str| ring.seal(&identity, &secret.into()).unwrap();
    let account = accounts::NewAccount {
        id: "acc".into(),
        user_id: user.id.clone(),
        external_id: "1".into(),
        login: "octo".into(),
        email: "octo@example.test".into(),
        access_token: seal(accounts::token_identity("acc"), "gh-token"),
        scopes: None,
    };
    accounts::put_github(db, account, now).await.unwrap();
    let integration = integrations::NewIntegration {
        id: "int".into(),
        user_id: user.id.clone(),
        provider: Provider::VERCEL,
        external_user_id: "usr_1".into(),
        username: "octo".into(),
        access_token: seal(integrations::token_identity("int"), "access"),
        token_note: None,
        team_id: None,
        expires_at: None,
    };
    integrations::put(db, integration, now).await.unwrap();
    let refresh = seal(integrations::refresh_identity("int"), "refresh");
    integration::Entity::update_many()
        .col_expr(integration::Column::RefreshToken, Expr::value(refresh))
        .exec(&db.orm)
        .await
        .unwrap();
    let subscription = subscriptions::NewSubscription {
        id: "sub".into(),
        user_id: user.id.clone(),
        integration_id: "int".into(),
        platform_project_id: "prj_1".into(),
        platform_project_name: "shop".into(),
        team_id: None,
        github_repo_full_name: "acme/shop".into(),
        repository_kind: RepositoryKind::Github,
        auto_fix_enabled: true,
        ..subscriptions::NewSubscription::default()
    };
    subscriptions::put(db, subscription, now).await.unwrap();
    let secret = seal(subscriptions::secret_identity("sub"), "hook");
    subscriptions::set_webhook(db, "sub", Some(("hook_1".into(), secret))).await.unwrap();
    let outgoing = outgoing::NewWebhook {
        id: "out".into(),
        user_id: user.id,
        url: "https://hooks.example.test/".into(),
        secret: seal(outgoing::secret_identity("out"), "whsec"),
        enabled: true,
    };
    outgoing::put(db, outgoing, now).await.unwrap();
}

/// What stands in each column, opened with `ring`.
async fn opened(db: &Db, ring: &KeyRing) -> Vec<(Place, String)> {
    let mut found: Vec<_> = secrets::all(db)
        .await
        .unwrap()
        .iter()
        .map(|stored| {
            let secret = ring.open(&stored.identity, &stored.sealed).unwrap();
            (stored.place, secret.expose_secret().to_owned())
        })
        .collect();
    found.sort();
    found
}

fn all_secrets() -> Vec<(Place, String)> {
    SECRETS.map(|(place, secret)| (place, secret.to_owned())).into()
}

/// The keys with how many secrets stand under each, whether the ring has it, and whether it seals.
async fn uses(db: &Db, ring: &KeyRing) -> Vec<(String, usize, bool, bool)> {
    let uses = ring.uses(db).await.unwrap().into_iter();
    uses.map(|key| (key.id, key.secrets, key.in_ring, key.seals)).collect()
}

fn key_use(id: &str, secrets: usize, in_ring: bool, seals: bool) -> (String, usize, bool, bool) {
    (id.to_owned(), secrets, in_ring, seals)
}

/// Puts a value in place of another.
async fn put(db: &Db, stored: &Stored, sealed: &str) {
    assert!(secrets::replace(db, stored, sealed.to_owned()).await.unwrap());
}

#[tokio::test]
async fn a_ring_without_the_old_key_loses_nothing() {
    let test = testing::fresh().await.unwrap();
    fill(&test.db, &keys_of([("k1", 1)])).await;
    let new = keys_of([("k2", 2)]);
    let blind = new.rotate(&test.db).await.unwrap();
    assert_eq!((blind.sealed.len(), blind.unreadable.len()), (0, 5));
    assert_eq!(uses(&test.db, &new).await, [key_use("k2", 0, true, true), key_use("k1", 5, false, false)]);
    assert_eq!(opened(&test.db, &keys_of([("k1", 1)])).await, all_secrets());
}

#[tokio::test]
async fn wherever_a_rotation_was_interrupted_everything_opens_and_the_next_one_ends_it() {
    let test = testing::fresh().await.unwrap();
    let (old, both, new) = (keys_of([("k1", 1)]), keys_of([("k2", 2), ("k1", 1)]), keys_of([("k2", 2)]));
    fill(&test.db, &old).await;
    let before = secrets::all(&test.db).await.unwrap();
    for done in 0..1u32 << before.len() {
        // Some columns are done, in any order.
        let is_done = |index: usize| done & 1 << index != 0;
        for (index, stored) in secrets::all(&test.db).await.unwrap().iter().enumerate() {
            let secret = old.open(&before[index].identity, &before[index].sealed).unwrap();
            let sealed = if is_done(index) { &new } else { &old }.seal(&stored.identity, &secret).unwrap();
            put(&test.db, stored, &sealed).await;
        }
        let count = done.count_ones() as usize;
        assert_eq!(opened(&test.db, &both).await, all_secrets(), "{done:b}");
        assert_eq!(
            uses(&test.db, &both).await,
            [key_use("k2", count, true, true), key_use("k1", 5 - count, true, false)]
        );
        let rest = both.rotate(&test.db).await.unwrap();
        assert_eq!((rest.sealed.values().sum::<usize>(), rest.unreadable.len()), (5 - count, 0), "{done:b}");
        assert_eq!(both.rotate(&test.db).await.unwrap(), Rotation::default());
        assert_eq!(
            uses(&test.db, &both).await,
            [key_use("k2", 5, true, true), key_use("k1", 0, true, false)]
        );
        assert_eq!(opened(&test.db, &new).await, all_secrets(), "{done:b}");
    }
}

#[tokio::test]
async fn what_changed_during_a_rotation_is_not_written_over() {
    let test = testing::fresh().await.unwrap();
    let (old, both) = (keys_of([("k1", 1)]), keys_of([("k2", 2), ("k1", 1)]));
    fill(&test.db, &old).await;
    // Read by a rotation; then somebody enters another token.
    let read = secrets::all(&test.db).await.unwrap();
    let [read, ..] = &read[..] else { panic!("nothing is stored") };
    put(&test.db, read, &both.seal(&read.identity, &"entered meanwhile".into()).unwrap()).await;
    let late = both.seal(&read.identity, &both.open(&read.identity, &read.sealed).unwrap()).unwrap();
    assert!(!secrets::replace(&test.db, read, late).await.unwrap());
    let now = opened(&test.db, &both).await;
    assert!(now.contains(&(read.place, "entered meanwhile".to_owned())), "{now:?}");
}

#[tokio::test]
async fn a_value_that_was_moved_to_another_row_or_column_opens_nowhere() {
    let test = testing::fresh().await.unwrap();
    let (old, both) = (keys_of([("k1", 1)]), keys_of([("k2", 2), ("k1", 1)]));
    fill(&test.db, &old).await;
    let stored = secrets::all(&test.db).await.unwrap();
    // Each column gets the value of the next one: no value stays where it was.
    for (index, here) in stored.iter().enumerate() {
        put(&test.db, here, &stored[(index + 1) % stored.len()].sealed).await;
    }
    let moved = secrets::all(&test.db).await.unwrap();
    for here in &moved {
        assert!(
            matches!(both.open(&here.identity, &here.sealed), Err(CryptoError::Damaged)),
            "{:?}",
            here.place
        );
    }
    let rotation = both.rotate(&test.db).await.unwrap();
    assert_eq!((rotation.sealed.len(), rotation.unreadable.len()), (0, 5));
    // They are left for whoever finds out what happened.
    let after = secrets::all(&test.db).await.unwrap();
    assert!(after.iter().zip(&moved).all(|(after, before)| after.sealed == before.sealed));
    // Put back, they are as good as before.
    for (here, before) in after.iter().zip(&stored) {
        put(&test.db, here, &before.sealed).await;
    }
    assert_eq!(both.rotate(&test.db).await.unwrap().sealed.len(), 5);
    assert_eq!(opened(&test.db, &both).await, all_secrets());
}
