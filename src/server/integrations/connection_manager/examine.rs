//! Tries a token out before anything is stored: whose it is, what it may do, and whose projects it reaches.

use super::{ConnectionError, client, discover, discover::Scope, public_url::webhook_url, test_token};
use crate::{
    model::{Permission, Provider, TokenCheck, TokenOwner, TokenReport, TokenScope},
    server::{
        db::integrations,
        integrations::{
            Access, PlatformContext, PlatformError, Probe, ProviderUser, TokenProvider, provider::WEBHOOKS,
        },
    },
};
use futures::future::try_join_all;
use secrecy::SecretString;

impl From<ProviderUser> for TokenOwner {
    fn from(user: ProviderUser) -> Self {
        Self {
            id: user.external_id,
            username: user.username,
            email: user.email,
            name: user.name,
            avatar: user.avatar_url,
        }
    }
}

/// Asks the platform everything that connecting with this token would rest on. Stores nothing.
///
/// # Errors
/// The platform refuses the token altogether, or does not answer.
pub async fn examine(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
    token: &SecretString,
) -> Result<TokenReport, ConnectionError> {
    let client = client(ctx, provider)?;
    let owner = test_token(ctx, provider, token).await?;
    let failed = ConnectionError::from_platform(provider);
    let access = Access { token: token.clone(), team_id: None };
    let expires_at = expiry(client.as_ref(), token).await;
    let reachable = discover::discover(client.as_ref(), &access).await.map_err(&failed)?;
    let probes = reachable.scopes.iter().map(|scope| probe(client.as_ref(), &access, scope));
    let tried: Vec<Tried> = try_join_all(probes).await.map_err(&failed)?.into_iter().flatten().collect();
    let existing = integrations::of_user(&ctx.db, user_id, provider).await?;
    let checks = checks(&tried, webhook_url(&ctx.config, provider).err());
    Ok(TokenReport {
        replaces: existing.filter(|row| row.external_user_id != owner.external_id).map(|row| row.username),
        owner: owner.into(),
        expires_at,
        checks,
        scopes: reachable.scopes.iter().filter_map(scope).collect(),
    })
}

/// When the token expires. A token that may not be asked about itself is as good as one without an end.
pub(super) async fn expiry(
    client: &dyn TokenProvider,
    token: &SecretString,
) -> Option<crate::model::Timestamp> {
    client.token_expires_at(token).await.unwrap_or_else(|error| {
        tracing::info!(provider = %client.provider(), %error, "the expiry of a token is not told");
        None
    })
}

/// What a scope answered to something that the token was tried on.
struct Tried {
    scope: String,
    probe: Probe,
}

async fn probe(
    client: &dyn TokenProvider,
    access: &Access,
    scope: &Scope,
) -> Result<Vec<Tried>, PlatformError> {
    let access = access.for_team(scope.team_id().map(str::to_owned));
    let mut probes =
        vec![Probe { name: "Projects", allowed: Some(scope.projects.is_some()), otherwise: None }];
    if let Some(projects) = &scope.projects {
        probes.extend(client.probe(&access, projects).await?);
    }
    let tried = |probe| Tried { scope: scope.name().to_owned(), probe };
    Ok(probes.into_iter().map(tried).collect())
}

/// One check for each thing that was tried, in the order in which they were.
fn checks(tried: &[Tried], no_webhooks: Option<&str>) -> Vec<TokenCheck> {
    let mut names: Vec<&'static str> = Vec::new();
    for Tried { probe, .. } in tried {
        if !names.contains(&probe.name) {
            names.push(probe.name);
        }
    }
    if no_webhooks.is_some() && !names.contains(&WEBHOOKS) {
        names.push(WEBHOOKS);
    }
    let mut checks: Vec<TokenCheck> = names
        .into_iter()
        .map(|name| check(name, tried.iter().filter(|tried| tried.probe.name == name)))
        .collect();
    if let (Some(note), Some(check)) = (no_webhooks, checks.iter_mut().find(|check| check.name == WEBHOOKS)) {
        check.permission = Permission::Limited;
        check.note = Some(note.to_owned());
    }
    checks
}

/// What is refused in one place, or not needed, is done without; what is refused everywhere is missing.
fn check<'a>(name: &str, tried: impl Iterator<Item = &'a Tried>) -> TokenCheck {
    let (mut refused, mut works, mut otherwise) = (Vec::new(), false, None);
    for Tried { scope, probe } in tried {
        match probe.allowed {
            Some(true) => works = true,
            Some(false) => {
                refused.push(scope.as_str());
                otherwise = probe.otherwise;
            }
            None => {}
        }
    }
    let permission = match (refused.is_empty(), works || otherwise.is_some()) {
        (true, _) => Permission::Works,
        (false, true) => Permission::Limited,
        (false, false) => Permission::Missing,
    };
    let without = otherwise.unwrap_or("A token whose scope includes it can do this there.");
    let note = (!refused.is_empty()).then(|| format!("Refused for {}. {without}", list(&refused)));
    TokenCheck { name: name.to_owned(), permission, note }
}

/// `a`, `a and b`, `a, b and 3 more`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// A scope to choose. A personal account without projects is no choice.
fn scope(scope: &Scope) -> Option<TokenScope> {
    let projects = scope.projects.as_ref()?;
    if scope.team.is_none() && projects.is_empty() {
        return None;
    }
    let mut repositories: Vec<String> =
        projects.iter().filter_map(|project| project.link.github_full_name()).map(str::to_owned).collect();
    repositories.sort_unstable();
    repositories.dedup();
    Some(TokenScope {
        team_id: scope.team_id().map(str::to_owned),
        name: scope.name().to_owned(),
        projects: projects.len(),
        repositories,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn tried(answers: &[Option<bool>], otherwise: Option<&'static str>) -> Vec<Tried> {
        let tried = |(index, allowed): (usize, &Option<bool>)| Tried {
            scope: format!("team {index}"),
            probe: Probe { name: WEBHOOKS, allowed: *allowed, otherwise },
        };
        answers.iter().enumerate().map(tried).collect()
    }

    #[rstest]
    #[case(&[Some(true), None], None, Permission::Works)]
    #[case(&[Some(true), Some(false)], None, Permission::Limited)]
    #[case(&[None, Some(false)], None, Permission::Missing)]
    #[case(&[None, Some(false)], Some("Polling does."), Permission::Limited)]
    fn permissions(
        #[case] answers: &[Option<bool>],
        #[case] otherwise: Option<&'static str>,
        #[case] expected: Permission,
    ) {
        let checks = checks(&tried(answers, otherwise), None);
        let [check] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!(check.permission, expected);
        let note = check.note.as_deref().unwrap_or_default();
        assert_eq!(note.contains("team 1"), answers.contains(&Some(false)), "{note}");
        assert_eq!(note.contains("Polling"), otherwise.is_some());
    }

    #[test]
    fn a_server_without_an_address_has_no_webhooks() {
        for tried in [Vec::new(), tried(&[Some(true)], None)] {
            let checks = checks(&tried, Some("No public address."));
            assert_eq!(checks[0].permission, Permission::Limited);
            assert_eq!(checks[0].note.as_deref(), Some("No public address."));
        }
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b and 2 more");
    }
}
