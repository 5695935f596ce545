//! Every sealed column of the database, for the rotation of keys.

use super::{
    Db, DbError, accounts,
    entity::{account, integration, outgoing_webhook, subscription},
    integrations, outgoing, subscriptions,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `accounts.access_token`
    AccountToken,
    /// `integrations.access_token`
    IntegrationToken,
    /// `integrations.refresh_token`
    RefreshToken,
    /// `subscriptions.webhook_secret`
    WebhookSecret,
    /// `outgoing_webhooks.secret`
    OutgoingSecret,
}

impl Place {
    /// Table and column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountToken => "accounts.access_token",
            Self::IntegrationToken => "integrations.access_token",
            Self::RefreshToken => "integrations.refresh_token",
            Self::WebhookSecret => "subscriptions.webhook_secret",
            Self::OutgoingSecret => "outgoing_webhooks.secret",
        }
    }
}

/// A sealed value with its place.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The column.
    pub place: Place,
    /// The row.
    pub id: String,
    /// What it is sealed for.
    pub identity: String,
    /// The value.
    pub sealed: String,
}

/// Everything that is sealed.
pub async fn all(db: &Db) -> Result<Vec<Stored>, DbError> {
    let accounts = account::Entity::find().all(&db.orm).await?.into_iter().map(|row| Stored {
        place: Place::AccountToken,
        identity: accounts::token_identity(&row.id),
        id: row.id,
        sealed: row.access_token,
    });
    let integrations = integration::Entity::find().all(&db.orm).await?.into_iter().flat_map(|row| {
        let refresh = row.refresh_token.map(|sealed| Stored {
            place: Place::RefreshToken,
            identity: integrations::refresh_identity(&row.id),
            id: row.id.clone(),
            sealed,
        });
        let access = Stored {
            place: Place::IntegrationToken,
            identity: integrations::token_identity(&row.id),
            id: row.id,
            sealed: row.access_token,
        };
        [Some(access), refresh].into_iter().flatten()
    });
    let subscriptions = subscription::Entity::find().all(&db.orm).await?.into_iter().filter_map(|row| {
        Some(Stored {
            place: Place::WebhookSecret,
            identity: subscriptions::secret_identity(&row.id),
            id: row.id,
            sealed: row.webhook_secret?,
        })
    });
    let outgoing = outgoing_webhook::Entity::find().all(&db.orm).await?.into_iter().map(|row| Stored {
        place: Place::OutgoingSecret,
        identity: outgoing::secret_identity(&row.id),
        id: row.id,
        sealed: row.secret,
    });
    Ok(accounts.chain(integrations).chain(subscriptions).chain(outgoing).collect())
}

/// Replaces a value, unless it has changed since it was read. Returns whether it did.
pub async fn replace(db: &Db, stored: &Stored, sealed: String) -> Result<bool, DbError> {
    let replaced = match stored.place {
        Place::AccountToken => {
            account::Entity::update_many()
                .col_expr(account::Column::AccessToken, Expr::value(sealed))
                .filter(account::Column::Id.eq(&stored.id))
                .filter(account::Column::AccessToken.eq(&stored.sealed))
                .exec(&db.orm)
                .await?
        }
        Place::IntegrationToken => {
            integration::Entity::update_many()
                .col_expr(integration::Column::AccessToken, Expr::value(sealed))
                .filter(integration::Column::Id.eq(&stored.id))
                .filter(integration::Column::AccessToken.eq(&stored.sealed))
                .exec(&db.orm)
                .await?
        }
        Place::RefreshToken => {
            integration::Entity::update_many()
                .col_expr(integration::Column::RefreshToken, Expr::value(sealed))
                .filter(integration::Column::Id.eq(&stored.id))
                .filter(integration::Column::RefreshToken.eq(&stored.sealed))
                .exec(&db.orm)
                .await?
        }
        Place::WebhookSecret => {
            subscription::Entity::update_many()
                .col_expr(subscription::Column::WebhookSecret, Expr::value(sealed))
                .filter(subscription::Column::Id.eq(&stored.id))
                .filter(subscription::Column::WebhookSecret.eq(&stored.sealed))
                .exec(&db.orm)
                .await?
        }
        Place::OutgoingSecret => {
            outgoing_webhook::Entity::update_many()
                .col_expr(outgoing_webhook::Column::Secret, Expr::value(sealed))
                .filter(outgoing_webhook::Column::Id.eq(&stored.id))
                .filter(outgoing_webhook::Column::Secret.eq(&stored.sealed))
                .exec(&db.orm)
                .await?
        }
    };
    Ok(replaced.rows_affected == 1)
}
