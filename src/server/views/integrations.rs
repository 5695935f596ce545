//! Connections → the cards.

use super::Views;
use crate::{
    model::{ApiError, GithubConnection, IntegrationsPage, PlatformCard, Provider, Trouble},
    server::{
        db::{accounts, fixes},
        fix::waiting_for_github,
        integrations::connection_manager,
    },
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
    let github = match accounts::github(&views.platforms.db, user_id).await? {
        Some(account) => Some(GithubConnection {
            login: account.login,
            email: account.email.unwrap_or_default(),
            trouble: github_trouble(views, user_id).await?,
            created_at: account.created_at,
        }),
        None => None,
    };
    Ok(IntegrationsPage { platforms, github })
}

/// GitHub is asked for fixes alone: what is wrong with it is known by those that wait.
async fn github_trouble(views: &Views, user_id: &str) -> Result<Option<Trouble>, ApiError> {
    let reasons = fixes::waited_for(&views.platforms.db, user_id).await?;
    Ok(reasons.iter().find_map(|code| waiting_for_github(code)))
}
