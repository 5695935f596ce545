//! Fixes and the platforms' deployments → one list, page by page.
//!
//! A deployment with a fix is listed by its fix, every other one by its platform, so each is listed once. Both
//! sources are read from the page's cursor downwards, so a page stays what it is while rows arrive above it.

mod counts;
mod merge;
mod projects;

use super::{
    Views,
    platforms::{self, Asked, Listing, Watched},
    stats,
};
use crate::{
    model::{
        ApiError, DeploymentList, DeploymentRow, DeploymentsPage, FixStatus, ListQuery, PlatformDeployment,
        Provider, Tab,
    },
    server::db::{
        Db, DbError, accounts,
        fixes::{self, Visible, Window},
    },
};
use chrono::TimeDelta;
use merge::{PAGE, Slice, merge};
use std::collections::{HashMap, HashSet};

/// Stored fixes that one page looks through for a branch or a text.
const SCAN: usize = 2_000;
/// How many of them at once.
const STEP: usize = 500;

/// What a user watches.
struct Watching {
    connections: Vec<Watched>,
    visible: Vec<Visible>,
}

impl Watching {
    async fn of(views: &Views, user_id: &str) -> Result<Self, ApiError> {
        let connections = platforms::connections(views, user_id).await?;
        Ok(Self { connections, visible: fixes::visible(&views.platforms.db, user_id).await? })
    }

    /// The projects that the query leaves.
    fn narrowed(&self, query: &ListQuery) -> Self {
        let connections = self.connections.iter().map(|watched| {
            let projects = watched.projects.iter().filter(|project| {
                query.takes_project_of(
                    watched.provider,
                    &project.platform_project_name,
                    &project.github_repo_full_name,
                )
            });
            Watched {
                projects: projects.cloned().collect(),
                row: watched.row.clone(),
                provider: watched.provider,
            }
        });
        let visible = self
            .visible
            .iter()
            .filter(|seen| query.takes_project_of(seen.provider, &seen.project_name, &seen.repository));
        Self {
            connections: connections.filter(|watched| !watched.projects.is_empty()).collect(),
            visible: visible.cloned().collect(),
        }
    }

    fn subscriptions(&self) -> Vec<String> {
        self.visible.iter().map(|seen| seen.subscription_id.clone()).collect()
    }
}

/// Everything on `/deployments`, or on a repository's page where the query names it.
pub async fn deployments(
    views: &Views,
    user_id: &str,
    query: &ListQuery,
) -> Result<DeploymentsPage, ApiError> {
    let made_at = views.platforms.clock.now();
    let watching = Watching::of(views, user_id).await?;
    let of_page = ListQuery { repository: query.repository.clone(), ..ListQuery::default() };
    let here = watching.narrowed(&of_page);
    let (list, projects, stats, github) = futures::try_join!(
        list_of(views, &here, query),
        projects::projects(views, &here),
        stats::stats(views, here.subscriptions()),
        async { Ok(accounts::github(&views.platforms.db, user_id).await?) },
    )?;
    Ok(DeploymentsPage {
        stats,
        list,
        projects,
        platform_connected: !watching.connections.is_empty(),
        github_connected: github.is_some(),
        made_at,
    })
}

/// The list alone.
pub async fn deployment_list(
    views: &Views,
    user_id: &str,
    query: &ListQuery,
) -> Result<DeploymentList, ApiError> {
    list_of(views, &Watching::of(views, user_id).await?, query).await
}

async fn list_of(views: &Views, watching: &Watching, query: &ListQuery) -> Result<DeploymentList, ApiError> {
    let here = watching.narrowed(query);
    let subscriptions = here.subscriptions();
    let asked = Asked {
        state: query.tab.state(),
        branch: query.branch.clone(),
        since: query.from,
        // The row of the cursor may share its time with the next one.
        until: query
            .after
            .as_ref()
            .map(|place| place.at + TimeDelta::milliseconds(1))
            .into_iter()
            .chain(query.end())
            .min(),
    };
    let (stored, (listings, unavailable), counts) = futures::try_join!(
        async { Ok(stored(&views.platforms.db, &subscriptions, query).await?) },
        async { Ok(platforms::ask_all(views, &here.connections, &asked).await) },
        counts::counts(views, &here, &subscriptions, query),
    )?;
    let mut slices = vec![stored];
    if matches!(query.tab, Tab::All | Tab::Success | Tab::Failed) {
        let fixed = with_fix(&views.platforms.db, &subscriptions, &listings).await?;
        slices.extend(listings.iter().map(|listing| without_fix(listing, &fixed, query)));
    }
    let (mut deployments, next) = merge(slices);
    let mut details: HashMap<(Provider, &str), &PlatformDeployment> = HashMap::new();
    for deployment in listings.iter().flat_map(|listing| listing.deployments.iter()) {
        details.insert((deployment.provider, &deployment.platform_id), deployment);
    }
    for row in &mut deployments {
        let Some((provider, id)) = row.key() else { continue };
        let detail = details.get(&(provider, id)).map(|deployment| (*deployment).clone());
        row.unreachable = detail.is_none() && unavailable.iter().any(|trouble| trouble.provider == provider);
        row.deployment = row.deployment.take().or(detail);
    }
    Ok(DeploymentList { deployments, next, counts, unavailable })
}

/// Stored fixes below the cursor.
async fn stored(db: &Db, subscriptions: &[String], query: &ListQuery) -> Result<Slice, DbError> {
    let statuses: &[FixStatus] = match query.tab {
        Tab::Projects | Tab::Success => return Ok(Slice::default()),
        Tab::All | Tab::Failed => &[],
        Tab::Fixed => &[FixStatus::PrCreated, FixStatus::Merged],
    };
    let step = if query.branch.is_some() || query.text.is_some() { STEP } else { PAGE + 1 };
    let mut slice = Slice { rows: Vec::new(), known_to: query.after.clone() };
    let mut read = 0;
    while slice.rows.len() <= PAGE && read < SCAN {
        let after = slice.known_to.as_ref();
        let window = Window { subscriptions, statuses, from: query.from, until: query.end(), after };
        let found = fixes::list::newest(db, &window, step as u64).await?;
        let ended = found.len() < step;
        read += found.len();
        let rows: Vec<DeploymentRow> = found.into_iter().map(DeploymentRow::from).collect();
        slice.known_to = rows.last().and_then(DeploymentRow::cursor).filter(|_| !ended);
        slice.rows.extend(rows.into_iter().filter(|row| query.takes_words(row)));
        if ended {
            break;
        }
    }
    Ok(slice)
}

/// Listed deployments that have a fix.
async fn with_fix(
    db: &Db,
    subscriptions: &[String],
    listings: &[Listing],
) -> Result<HashSet<(Provider, String)>, DbError> {
    let mut found = HashSet::new();
    for listing in listings {
        let failed =
            listing.deployments.iter().filter(|it| it.state == crate::model::DeploymentState::Failed);
        let ids: Vec<String> = failed.map(|it| it.platform_id.clone()).collect();
        let fixes = fixes::list::of_deployments(db, listing.provider, subscriptions, &ids).await?;
        found.extend(fixes.into_keys().map(|id| (listing.provider, id)));
    }
    Ok(found)
}

/// A platform's deployments below the cursor that have no fix.
fn without_fix(listing: &Listing, fixed: &HashSet<(Provider, String)>, query: &ListQuery) -> Slice {
    let last = listing.deployments.last().filter(|_| listing.more);
    let rows =
        listing.deployments.iter().filter(|it| !fixed.contains(&(it.provider, it.platform_id.clone())));
    let rows = rows.cloned().map(DeploymentRow::from);
    let below = |row: &DeploymentRow| {
        query.after.as_ref().is_none_or(|place| row.cursor().is_some_and(|it| it < *place))
    };
    Slice {
        known_to: last.cloned().map(DeploymentRow::from).and_then(|row| row.cursor()),
        rows: rows.filter(|row| below(row) && query.takes_words(row)).collect(),
    }
}
