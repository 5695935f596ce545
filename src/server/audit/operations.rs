//! A method and a path → the name of what is done there.

use crate::model::AuditKind;
use axum::http::Method;

/// Something that can be done, with the names under which it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Which kind of entry it leaves.
    pub kind: AuditKind,
    /// The stable name in the log.
    pub action: String,
}

/// Names of operations, in words. An operation has the same name as a form and as a REST call.
const LABELS: [(&str, &str); 48] = [
    ("account.create", "Accept an invitation"),
    ("api_token.create", "Make an API token"),
    ("api_token.revoke", "Revoke an API token"),
    ("api_token.use", "Use an API token"),
    ("backup.make", "Make a backup"),
    ("connection.change", "Change where a platform's builds run"),
    ("connection.create", "Connect a platform"),
    ("connection.remove", "Disconnect a platform"),
    ("diagnosis.accept", "Take back that a diagnosis was wrong"),
    ("diagnosis.dispute", "Say that a diagnosis was wrong"),
    ("fix.cancel", "Cancel a fix"),
    ("fix.redeploy", "Build a deployment again"),
    ("fix.retry", "Retry a fix"),
    ("fix.skip_similar", "Skip failures like this one"),
    ("fix.start", "Start a fix"),
    ("github.connect", "Connect GitHub"),
    ("github.disconnect", "Disconnect GitHub"),
    ("github.link", "Sign in with GitHub, or link it"),
    ("github.unlink", "Unlink GitHub"),
    ("github_token.use", "Use a GitHub token"),
    ("invitation.create", "Invite somebody"),
    ("invitation.revoke", "Revoke an invitation"),
    ("keys.rotate", "Change the encryption key"),
    ("notifications.read", "Mark notifications as read"),
    ("owner.create", "Make the owner's account"),
    ("platform_token.use", "Use a platform's token"),
    ("project.change", "Change a project's settings"),
    ("project.unwatch", "Stop watching a project"),
    ("project.watch", "Watch a project"),
    ("projects.auto_fix", "Switch auto-fix of all projects"),
    ("projects.change", "Change all projects' settings"),
    ("projects.choose", "Choose the watched projects"),
    ("projects.sync", "Sync projects"),
    ("rule.change", "Change a rule"),
    ("rule.create", "Make a rule"),
    ("rule.delete", "Delete a rule"),
    ("rule.move", "Move a rule"),
    ("rule.switch", "Switch a rule"),
    ("rules.order", "Order the rules"),
    ("session.begin", "Sign in"),
    ("session.end", "End a session"),
    ("session.leave", "Sign out"),
    ("sessions.end_others", "End all other sessions"),
    ("token.validate", "Try a platform's token"),
    ("webhook.put", "Set the webhook"),
    ("webhook.remove", "Remove the webhook"),
    ("webhook.test", "Test the webhook"),
    ("retention.run", "Remove what is old enough"),
];

/// What each route that may change something does.
const CHANGES: &[(&str, &str, &str)] = &[
    ("DELETE", "/api/deployments/{id}/dispute", "diagnosis.accept"),
    ("DELETE", "/api/integrations/{provider}/disconnect", "connection.remove"),
    ("DELETE", "/api/integrations/{provider}/rules/{id}", "rule.delete"),
    ("DELETE", "/api/integrations/{provider}/subscriptions/{id}", "project.unwatch"),
    ("DELETE", "/api/webhook", "webhook.remove"),
    ("PATCH", "/api/integrations/{provider}", "connection.change"),
    ("PATCH", "/api/integrations/{provider}/rules/{id}", "rule.change"),
    ("PATCH", "/api/integrations/{provider}/subscriptions", "projects.change"),
    ("PATCH", "/api/integrations/{provider}/subscriptions/{id}", "project.change"),
    ("POST", "/api/deployments/fix", "fix.start"),
    ("POST", "/api/deployments/{id}/cancel", "fix.cancel"),
    ("POST", "/api/deployments/{id}/dispute", "diagnosis.dispute"),
    ("POST", "/api/deployments/{id}/redeploy", "fix.redeploy"),
    ("POST", "/api/deployments/{id}/retry", "fix.retry"),
    ("POST", "/api/integrations/{provider}/connect", "connection.create"),
    ("POST", "/api/integrations/{provider}/projects/sync", "projects.sync"),
    ("POST", "/api/integrations/{provider}/rules", "rule.create"),
    ("POST", "/api/integrations/{provider}/subscriptions", "project.watch"),
    ("POST", "/api/integrations/{provider}/token/test", "token.validate"),
    ("POST", "/api/integrations/{provider}/token/validate", "token.validate"),
    ("POST", "/api/notifications/read", "notifications.read"),
    ("POST", "/api/pages/connect", "connection.create"),
    ("POST", "/api/pages/rule-order", "rules.order"),
    ("POST", "/api/pages/rule-switch", "rule.switch"),
    ("POST", "/api/pages/token", "token.validate"),
    ("POST", "/api/webhook/test", "webhook.test"),
    ("PUT", "/api/webhook", "webhook.put"),
    ("POST", "/deployments/fix", "fix.start"),
    ("POST", "/deployments/{id}/cancel", "fix.cancel"),
    ("POST", "/deployments/{id}/diagnosis-wrong", "diagnosis.dispute"),
    ("POST", "/deployments/{id}/diagnosis-wrong/undo", "diagnosis.accept"),
    ("POST", "/deployments/{id}/redeploy", "fix.redeploy"),
    ("POST", "/deployments/{id}/retry", "fix.retry"),
    ("POST", "/deployments/{id}/skip-similar", "fix.skip_similar"),
    ("POST", "/integrations/github/connect", "github.connect"),
    ("POST", "/integrations/github/disconnect", "github.disconnect"),
    ("POST", "/integrations/{provider}/auto-fix", "projects.auto_fix"),
    ("POST", "/integrations/{provider}/builds-on", "connection.change"),
    ("POST", "/integrations/{provider}/connect", "connection.create"),
    ("POST", "/integrations/{provider}/disconnect", "connection.remove"),
    ("POST", "/integrations/{provider}/projects", "projects.choose"),
    ("POST", "/integrations/{provider}/projects/{id}", "project.change"),
    ("POST", "/integrations/{provider}/projects/{id}/rules", "rule.create"),
    ("POST", "/integrations/{provider}/projects/{id}/rules/{rule}", "rule.change"),
    ("POST", "/integrations/{provider}/projects/{id}/rules/{rule}/delete", "rule.delete"),
    ("POST", "/integrations/{provider}/projects/{id}/rules/{rule}/move", "rule.move"),
    ("POST", "/integrations/{provider}/projects/{id}/rules/{rule}/switch", "rule.switch"),
    ("POST", "/integrations/{provider}/sync", "projects.sync"),
    ("POST", "/notifications/read", "notifications.read"),
    ("POST", "/settings/github/unlink", "github.unlink"),
    ("POST", "/settings/invitations", "invitation.create"),
    ("POST", "/settings/invitations/{id}/revoke", "invitation.revoke"),
    ("POST", "/settings/tokens", "api_token.create"),
    ("POST", "/settings/tokens/{id}/revoke", "api_token.revoke"),
    ("POST", "/settings/webhook", "webhook.put"),
    ("POST", "/settings/webhook/remove", "webhook.remove"),
    ("POST", "/settings/webhook/test", "webhook.test"),
];

/// Routes by which people come and go. GitHub sends browsers back with `GET`.
const SIGN_INS: &[(&str, &str, &str)] = &[
    ("GET", "/api/auth/github/callback", "github.link"),
    ("POST", "/auth/accept", "account.create"),
    ("POST", "/auth/setup", "owner.create"),
    ("POST", "/auth/sign-in", "session.begin"),
    ("POST", "/auth/sign-out", "session.leave"),
    ("POST", "/settings/sessions/end-others", "sessions.end_others"),
    ("POST", "/settings/sessions/{id}/end", "session.end"),
];

/// `POST` that changes nothing: what pages read, with their question in the body.
const READS: &[&str] = &[
    "/api/pages/audit",
    "/api/pages/deployment",
    "/api/pages/deployments",
    "/api/pages/integrations",
    "/api/pages/invitation",
    "/api/pages/log",
    "/api/pages/log-find",
    "/api/pages/log-lines",
    "/api/pages/notifications",
    "/api/pages/project",
    "/api/pages/project-rules",
    "/api/pages/projects",
    "/api/pages/rule",
    "/api/pages/rule-trial",
    "/api/pages/rules",
    "/api/pages/settings",
    "/api/pages/visitor",
];

/// What platforms and agents send. Each authentic delivery is stored with the decision on it, in `webhook_deliveries` or
/// among the events of its fix; what an agent asks the model is counted in its attempt.
const DELIVERIES: &[&str] =
    &["/api/github/webhooks", "/api/integrations/{provider}/webhooks", "/api/model/{door}/{*path}"];

/// What a request to that route does; `None` where nothing changes. A route that nobody has named leaves a trace, too.
pub fn of(method: &Method, path: &str) -> Option<Operation> {
    let asked = verb(method);
    let find = |table: &[(&str, &str, &'static str)]| {
        table.iter().find(|(verb, at, _)| asked == *verb && path == *at).map(|(_, _, action)| *action)
    };
    if let Some(action) = find(SIGN_INS) {
        return Some(Operation { kind: AuditKind::SignIn, action: action.to_owned() });
    }
    if method.is_safe() || READS.contains(&path) || DELIVERIES.contains(&path) {
        return None;
    }
    let action = find(CHANGES).map_or_else(|| format!("{method} {path}"), str::to_owned);
    Some(Operation { kind: AuditKind::Change, action })
}

/// Whether a route has been looked at: it has a name, or is known to change nothing.
pub fn is_known(method: &Method, path: &str) -> bool {
    READS.contains(&path)
        || DELIVERIES.contains(&path)
        || CHANGES.iter().chain(SIGN_INS).any(|(named, at, _)| verb(method) == *named && path == *at)
}

/// `HEAD` is answered by what answers `GET`.
fn verb(method: &Method) -> &str {
    if method == Method::HEAD { Method::GET.as_str() } else { method.as_str() }
}

/// Every route named here, so that a test finds names of routes that are gone.
pub fn named() -> impl Iterator<Item = (&'static str, &'static str)> {
    let posts = READS.iter().chain(DELIVERIES).map(|path| ("POST", *path));
    CHANGES.iter().chain(SIGN_INS).map(|(verb, path, _)| (*verb, *path)).chain(posts)
}

/// An action in words; itself where there are none.
pub fn label(action: &str) -> &str {
    LABELS.iter().find(|(name, _)| *name == action).map_or(action, |(_, label)| label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_has_words() {
        for (_, _, action) in CHANGES.iter().chain(SIGN_INS) {
            assert_ne!(label(action), *action);
        }
        let names: BTreeSet<_> = LABELS.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), LABELS.len(), "a name twice");
    }

    #[test]
    fn a_route_that_nobody_has_named_leaves_a_trace_under_its_own_name() {
        let operation = of(&Method::POST, "/settings/brand-new");
        assert_eq!(operation.map(|it| it.action).as_deref(), Some("POST /settings/brand-new"));
        assert!(!is_known(&Method::POST, "/settings/brand-new"));
        assert_eq!(of(&Method::GET, "/settings/brand-new"), None);
    }
}
