//! Server functions: each checks the user, calls one function of the server, and maps the error.
//!
//! The addresses are spelled out, so that a browser module and a server of different builds still understand
//! each other.

mod error;
mod json;

use crate::model::{
    ApiError, AuditKind, AuditPage, ConnectInput, Connection, DeploymentDetail, DeploymentLog,
    DeploymentsPage, ErrorType, IntegrationsPage, ListQuery, LogMatches, NotificationsPage, ProjectRow,
    ProjectRules, ProjectsPage, Provider, RuleDraft, RuleForm, Secret, SettingsPage, TokenReport, Trial,
    Visitor,
};
use json::Json;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::server::views, error::answer};

/// Who is looking, and whether the owner's account has to be made first. Never fails for want of a session.
#[server(prefix = "/api/pages", endpoint = "visitor", input = Json, output = Json)]
pub async fn current_user() -> Result<Visitor, ApiError> {
    answer(views::visitor().await)
}

/// Everything on `/deployments`, or on a repository's page where the query names it.
#[server(prefix = "/api/pages", endpoint = "deployments", input = Json, output = Json)]
pub async fn list_deployments(
    /// What the list is asked for.
    query: ListQuery,
) -> Result<DeploymentsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::deployments(&state, &user, &query).await
        }
        .await,
    )
}

/// Everything on `/deployments/{id}` but the log. `id` is ours, or `{provider}:{platform's id}`.
#[server(prefix = "/api/pages", endpoint = "deployment", input = Json, output = Json)]
pub async fn get_deployment(
    /// Ours, or `{provider}:{platform's id}`.
    id: String,
) -> Result<DeploymentDetail, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::deployment(&state, &user, &id).await
        }
        .await,
    )
}

/// What the page shows of the redacted build log at first; `None` while there is none.
#[server(prefix = "/api/pages", endpoint = "log", input = Json, output = Json)]
pub async fn get_log(
    /// As for the deployment.
    id: String,
) -> Result<Option<DeploymentLog>, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::log(&state, &user, &id).await
        }
        .await,
    )
}

/// More lines of the same log.
#[server(prefix = "/api/pages", endpoint = "log-lines", input = Json, output = Json)]
pub async fn get_log_lines(
    /// As for the deployment.
    id: String,
    /// Lines to leave out at the beginning.
    before: usize,
) -> Result<Vec<String>, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::log_lines(&state, &user, &id, before).await
        }
        .await,
    )
}

/// The lines of the same log with some text in them.
#[server(prefix = "/api/pages", endpoint = "log-find", input = Json, output = Json)]
pub async fn find_in_log(
    /// As for the deployment.
    id: String,
    /// The text.
    text: String,
) -> Result<LogMatches, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::find_in_log(&state, &user, &id, &text).await
        }
        .await,
    )
}

/// Everything on `/integrations`.
#[server(prefix = "/api/pages", endpoint = "integrations", input = Json, output = Json)]
pub async fn list_integrations() -> Result<IntegrationsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::integrations(&state, &user).await
        }
        .await,
    )
}

/// What the platform says about a token. Nothing is stored.
#[server(prefix = "/api/pages", endpoint = "token", input = Json, output = Json)]
pub async fn examine_token(
    /// The platform.
    provider: Provider,
    /// The token; it travels in the body.
    token: Secret,
) -> Result<TokenReport, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::examine(&state, &user, provider, token).await
        }
        .await,
    )
}

/// Connects a platform, or gives its connection a new token.
#[server(prefix = "/api/pages", endpoint = "connect", input = Json, output = Json)]
pub async fn connect_platform(
    /// What the person filled in.
    input: ConnectInput,
) -> Result<Connection, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::connect(&state, &user, input).await
        }
        .await,
    )
}

/// Everything on `/integrations/{provider}/projects`.
#[server(prefix = "/api/pages", endpoint = "projects", input = Json, output = Json)]
pub async fn list_projects(
    /// The platform.
    provider: Provider,
) -> Result<ProjectsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::projects(&state, &user, provider).await
        }
        .await,
    )
}

/// A watched project with its settings.
#[server(prefix = "/api/pages", endpoint = "project", input = Json, output = Json)]
pub async fn get_project(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
) -> Result<ProjectRow, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::project(&state, &user, provider, &id).await
        }
        .await,
    )
}

/// Everything on `/notifications`.
#[server(prefix = "/api/pages", endpoint = "notifications", input = Json, output = Json)]
pub async fn list_notifications(
    /// The id of the last one of the page before.
    after: Option<String>,
) -> Result<NotificationsPage, ApiError> {
    answer(views::notifications_page(after.as_deref()).await)
}

/// Everything on `/rules`: the rules of all watched projects.
#[server(prefix = "/api/pages", endpoint = "rules", input = Json, output = Json)]
pub async fn list_rules() -> Result<Vec<ProjectRules>, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::all_rules(&state, &user).await
        }
        .await,
    )
}

/// The rules of a watched project.
#[server(prefix = "/api/pages", endpoint = "project-rules", input = Json, output = Json)]
pub async fn list_project_rules(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
) -> Result<ProjectRules, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::project_rules(&state, &user, provider, &id).await
        }
        .await,
    )
}

/// The form of a rule with what the rule would have done.
#[server(prefix = "/api/pages", endpoint = "rule", input = Json, output = Json)]
pub async fn get_rule_form(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The stored rule; `None` for a new one.
    rule: Option<String>,
    /// What has been entered already, instead of what is stored.
    draft: Option<RuleDraft>,
) -> Result<RuleForm, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::rule_form(&state, &user, provider, &id, rule.as_deref(), draft).await
        }
        .await,
    )
}

/// What a pattern would have done about the last stored failures of a project.
#[server(prefix = "/api/pages", endpoint = "rule-trial", input = Json, output = Json)]
pub async fn try_rule(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The stored rule that is edited; `None` for a new one.
    rule: Option<String>,
    /// The pattern.
    pattern: String,
    /// Only errors of this kind.
    error_type: Option<ErrorType>,
) -> Result<Trial, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::try_rule(&state, &user, provider, &id, rule.as_deref(), &pattern, error_type).await
        }
        .await,
    )
}

/// Puts a project's rules into this order. Rules that it does not name come last, as they are. Answers with the order
/// that is stored now.
#[server(prefix = "/api/pages", endpoint = "rule-order", input = Json, output = Json)]
pub async fn order_rules(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The ids of the rules, the first to be asked first.
    order: Vec<String>,
) -> Result<ProjectRules, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::order_rules(&state, &user, provider, &id, &order).await
        }
        .await,
    )
}

/// Switches a rule on or off.
#[server(prefix = "/api/pages", endpoint = "rule-switch", input = Json, output = Json)]
pub async fn switch_rule(
    /// The platform.
    provider: Provider,
    /// Our id of the subscription.
    id: String,
    /// The rule.
    rule: String,
    /// The rule is asked from now on.
    on: bool,
) -> Result<(), ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::switch_rule(&state, &user, provider, &id, &rule, on).await
        }
        .await,
    )
}

/// Everything on `/settings`. Not for API tokens.
#[server(prefix = "/api/pages", endpoint = "settings", input = Json, output = Json)]
pub async fn get_settings() -> Result<SettingsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::in_person().await?;
            views::settings(&state, &user).await
        }
        .await,
    )
}

/// Everything on `/settings/audit`.
#[server(prefix = "/api/pages", endpoint = "audit", input = Json, output = Json)]
pub async fn get_audit(
    /// Only this kind.
    kind: Option<AuditKind>,
    /// `next` of the page before.
    after: Option<String>,
) -> Result<AuditPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::audit(&state, &user, kind, after.as_deref()).await
        }
        .await,
    )
}

/// Whether an invitation is still open. Nobody has to be signed in.
#[server(prefix = "/api/pages", endpoint = "invitation", input = Json, output = Json)]
pub async fn check_invitation(
    /// What the link carries.
    token: Secret,
) -> Result<bool, ApiError> {
    answer(views::invites(&token.0).await)
}
