//! Tries a token out before anything is stored: whose it is, what it may do, and whose projects it reaches.

use super::{ConnectionError, client, discover, discover::Scope, public_url::webhook_url, test_token};
use crate::{
    model::{Permission, Provider, TokenCheck, TokenOwner, TokenReport, TokenScope},
    server::{
        db::integrations,
        integrations::{
            Access, DeploymentsQuery, PlatformContext, PlatformError, ProviderUser, TokenProvider,
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
    let probes = try_join_all(probes).await.map_err(&failed)?;
    let existing = integrations::of_user(&ctx.db, user_id, provider).await?;
    let checks = vec![
        check(&probes, "Projects", |probe| Some(probe.projects)),
        check(&probes, "Deployments and build logs", |probe| probe.deployments),
        webhooks(ctx, provider, &probes),
    ];
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

/// What one scope lets the token do; `None` where there is nothing to try it on.
struct Probe {
    name: String,
    projects: bool,
    deployments: Option<bool>,
    webhooks: Option<bool>,
}

async fn probe(client: &dyn TokenProvider, access: &Access, scope: &Scope) -> Result<Probe, PlatformError> {
    let access = access.for_team(scope.team_id().map(str::to_owned));
    let mut probe = Probe {
        name: scope.name().to_owned(),
        projects: scope.projects.is_some(),
        deployments: None,
        webhooks: None,
    };
    if scope.projects.as_ref().is_some_and(|projects| !projects.is_empty()) {
        let newest = DeploymentsQuery { limit: Some(1), ..DeploymentsQuery::default() };
        probe.deployments = Some(allowed(client.deployments(&access, newest).await)?);
        probe.webhooks = Some(allowed(client.webhooks(&access).await)?);
    }
    Ok(probe)
}

/// A refusal is an answer; anything else that goes wrong leaves the question open.
fn allowed<T>(answer: Result<T, PlatformError>) -> Result<bool, PlatformError> {
    match answer {
        Ok(_) => Ok(true),
        Err(PlatformError::TokenRefused | PlatformError::NotFound | PlatformError::Rejected { .. }) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// What is refused in one place is done without it; what is refused everywhere is missing.
fn check(probes: &[Probe], name: &str, of: impl Fn(&Probe) -> Option<bool>) -> TokenCheck {
    let refused: Vec<&str> =
        probes.iter().filter(|probe| of(probe) == Some(false)).map(|probe| probe.name.as_str()).collect();
    let works = probes.iter().any(|probe| of(probe) == Some(true));
    let permission = match (refused.is_empty(), works) {
        (true, _) => Permission::Works,
        (false, true) => Permission::Limited,
        (false, false) => Permission::Missing,
    };
    let note = (!refused.is_empty()).then(|| {
        format!("Refused for {}. A token whose scope includes it can do this there.", list(&refused))
    });
    TokenCheck { name: name.to_owned(), permission, note }
}

/// Webhooks are never missing: polling stands in for them.
fn webhooks(ctx: &PlatformContext, provider: Provider, probes: &[Probe]) -> TokenCheck {
    let refused: Vec<&str> = probes
        .iter()
        .filter(|probe| probe.webhooks == Some(false))
        .map(|probe| probe.name.as_str())
        .collect();
    let note = match webhook_url(&ctx.config, provider) {
        Err(note) => Some(note.to_owned()),
        Ok(_) if refused.is_empty() => None,
        Ok(_) => Some(format!(
            "Not available for {}: its plan or your role there has none. Failures are found by polling.",
            list(&refused)
        )),
    };
    let permission = if note.is_some() { Permission::Limited } else { Permission::Works };
    TokenCheck { name: "Webhooks".to_owned(), permission, note }
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

    fn probes(answers: &[Option<bool>]) -> Vec<Probe> {
        let probe = |(index, answer): (usize, &Option<bool>)| Probe {
            name: format!("team {index}"),
            projects: true,
            deployments: *answer,
            webhooks: None,
        };
        answers.iter().enumerate().map(probe).collect()
    }

    #[rstest]
    #[case(&[], Permission::Works)]
    #[case(&[Some(true), None], Permission::Works)]
    #[case(&[Some(true), Some(false)], Permission::Limited)]
    #[case(&[None, Some(false)], Permission::Missing)]
    fn permissions(#[case] answers: &[Option<bool>], #[case] expected: Permission) {
        let check = check(&probes(answers), "x", |probe| probe.deployments);
        assert_eq!(check.permission, expected);
        assert_eq!(check.note.is_some(), answers.contains(&Some(false)));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b and 2 more");
    }
}
