//! Connections → the cards.

use super::Views;
use crate::{
    model::{ApiError, GithubConnection, IntegrationsPage, PlatformCard, Provider},
    server::{db::accounts, integrations::connection_manager},
};

/// Everything on `/integrations`.
pub async fn integrations(views: &Views, user_id: &str) -> Result<IntegrationsPage, ApiError> {
    let mut platforms = Vec::new();
    for provider in Provider::all() {
        let client = views.platforms.registry.get(provider);
        platforms.push(PlatformCard {
            provider,
            token_page: client.map(|client| client.token_page().to_owned()),
            connection: connection_manager::status(&views.platforms, user_id, provider).await?,
        });
    }
    let github = accounts::github(&views.platforms.db, user_id).await?.map(|account| GithubConnection {
        login: account.login,
        email: account.email.unwrap_or_default(),
        created_at: account.created_at,
    });
    Ok(IntegrationsPage { platforms, github })
}
