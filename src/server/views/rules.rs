//! Stored rules and stored failures → the pages of the rules, and what a rule would have done.

use super::{Views, projects::watched};
use crate::{
    model::{
        ApiError, ErrorType, ProjectRules, Provider, RuleDraft, RuleForm, RuleLink, RuleRow, Trial,
        rules_path,
    },
    server::{
        audit,
        db::{
            Db,
            entity::{deployment, fix_rule, subscription},
            fixes::{Window, diagnosed},
            integrations, rules, subscriptions,
        },
        integrations::PlatformContext,
        rules::{
            Matcher, PatternError, Rule, checked,
            trial::{self, FAILURES, Failure},
        },
    },
};
use std::collections::HashMap;

/// Everything on `/rules`: every watched project, by name.
pub async fn all_rules(views: &Views, user_id: &str) -> Result<Vec<ProjectRules>, ApiError> {
    let db = &views.platforms.db;
    let connections = integrations::list(db, user_id).await?.into_iter();
    let providers: HashMap<_, Provider> =
        connections.filter_map(|row| Some((row.id, row.provider.parse().ok()?))).collect();
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for rule in rules::of_user(db, user_id).await? {
        found.entry(rule.subscription_id.clone()).or_default().push(rule);
    }
    let watched = subscriptions::list(db, user_id).await?.into_iter();
    let projects = watched.filter_map(|row| {
        let provider = *providers.get(&row.integration_id)?;
        let rules = found.remove(&row.id).unwrap_or_default();
        Some(of_project(provider, row, rules))
    });
    Ok(projects.collect())
}

/// The rules of a watched project.
pub async fn project_rules(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
) -> Result<ProjectRules, ApiError> {
    let row = watched(views, user_id, provider, id).await?;
    let rules = rules::list(&views.platforms.db, &row.id).await?;
    Ok(of_project(provider, row, rules))
}

/// Puts the rules into that order. What it does not name comes last, as it is.
pub async fn order_rules(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
    wanted: &[String],
) -> Result<ProjectRules, ApiError> {
    let row = watched(views, user_id, provider, id).await?;
    audit::add("project", &row.platform_project_name);
    let place: HashMap<&str, usize> =
        wanted.iter().enumerate().map(|(index, id)| (id.as_str(), index)).collect();
    rules::arrange(&views.platforms.db, &row.id, |order| {
        order.sort_by_key(|id| place.get(id.as_str()).copied().unwrap_or(usize::MAX));
    })
    .await?;
    project_rules(views, user_id, provider, id).await
}

/// Switches a rule on or off.
pub async fn switch_rule(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
    rule: &str,
    on: bool,
) -> Result<(), ApiError> {
    let PlatformContext { db, clock, .. } = &views.platforms;
    let row = watched(views, user_id, provider, id).await?;
    let rule = find(db, &row, rule).await?;
    audit::add("rule", &rule.name);
    audit::add("on", on.to_string());
    Ok(rules::switch(db, &rule.id, on, clock.now()).await?)
}

/// The rule of that project.
async fn find(db: &Db, project: &subscription::Model, id: &str) -> Result<fix_rule::Model, ApiError> {
    let rule = rules::find(db, id).await?.filter(|rule| rule.subscription_id == project.id);
    rule.ok_or_else(ApiError::not_found)
}

/// The rule that decided about a fix, if it is the user's.
pub(super) async fn decided(views: &Views, user_id: &str, fix: &deployment::Model) -> Option<RuleLink> {
    let db = &views.platforms.db;
    let rule = rules::find(db, fix.matched_rule_id.as_deref()?).await.ok()??;
    // A fix may belong to somebody else who watches the project.
    let row = subscriptions::find_for_user(db, user_id, &rule.subscription_id).await.ok()??;
    let path = rules_path(fix.provider.parse().ok()?, &row.id);
    Some(RuleLink { name: rule.name, path: format!("{path}/{}", rule.id) })
}

/// The form of a rule. `draft` is what has been entered already.
pub async fn rule_form(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
    rule: Option<&str>,
    draft: Option<RuleDraft>,
) -> Result<RuleForm, ApiError> {
    let row = watched(views, user_id, provider, id).await?;
    let stored = match rule {
        Some(id) => Some(of_rule(find(&views.platforms.db, &row, id).await?).rule),
        None => None,
    };
    let refused = draft.clone().and_then(|draft| checked(draft.into()).err()).map(|error| error.to_string());
    let draft = draft.or(stored).unwrap_or_default();
    let trial = tried(views, provider, &row, rule, &draft.pattern, draft.error_type).await?;
    Ok(RuleForm { project: row.platform_project_name, draft, trial, refused })
}

/// What a pattern would have done about the last stored failures of a project.
pub async fn try_rule(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
    rule: Option<&str>,
    pattern: &str,
    error_type: Option<ErrorType>,
) -> Result<Trial, ApiError> {
    let row = watched(views, user_id, provider, id).await?;
    tried(views, provider, &row, rule, pattern, error_type).await
}

async fn tried(
    views: &Views,
    provider: Provider,
    row: &subscription::Model,
    rule: Option<&str>,
    pattern: &str,
    error_type: Option<ErrorType>,
) -> Result<Trial, ApiError> {
    let matcher = match Matcher::new(pattern, error_type) {
        Ok(matcher) => matcher,
        Err(PatternError::Empty) => return Ok(Trial::default()),
        Err(error) => return Ok(Trial { problem: Some(error.to_string()), ..Trial::default() }),
    };
    let db = &views.platforms.db;
    let mut earlier: Vec<Rule> = rules::list(db, &row.id).await?.into_iter().map(Rule::from).collect();
    if let Some(index) = earlier.iter().position(|other| Some(other.id.as_str()) == rule) {
        earlier.truncate(index);
    }
    // A failure that several people watch is stored once, for one of them.
    let watchers = subscriptions::watching(db, provider, &row.platform_project_id).await?;
    let watchers: Vec<String> = watchers.into_iter().map(|row| row.id).collect();
    let window = Window { subscriptions: &watchers, ..Window::default() };
    let failures = diagnosed(db, &window, FAILURES).await?.into_iter();
    let failures = failures.map(|(fix, finding)| Failure {
        fix_id: fix.id,
        branch: fix.branch,
        commit_sha: fix.commit_sha,
        status: fix.status,
        created_at: fix.created_at,
        finding,
    });
    Ok(trial::run(matcher, earlier, failures.collect()).await)
}

fn of_project(provider: Provider, row: subscription::Model, rules: Vec<fix_rule::Model>) -> ProjectRules {
    ProjectRules {
        provider,
        id: row.id,
        project: row.platform_project_name,
        rules: rules.into_iter().map(of_rule).collect(),
    }
}

fn of_rule(row: fix_rule::Model) -> RuleRow {
    let rule = RuleDraft {
        name: row.name,
        pattern: row.error_pattern,
        error_type: row.error_type.as_deref().and_then(ErrorType::parse),
        skip: row.skip_fix,
        prompt: row.custom_prompt.unwrap_or_default(),
        enabled: row.enabled,
    };
    RuleRow { id: row.id, rule }
}
