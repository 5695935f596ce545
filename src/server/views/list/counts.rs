//! How many rows each tab has: kept counts of what is stored, and the platforms' newest deployments.

use super::{SCAN, Watching, with_fix};
use crate::{
    model::{ApiError, AtLeast, DeploymentRow, DeploymentState, FixStatus, ListQuery, TabCounts},
    server::{
        db::{
            Db, DbError,
            fixes::{self, Window},
        },
        views::{
            Views,
            platforms::{self, Asked},
        },
    },
};

/// Stored fixes under the filters.
#[derive(Clone, Copy, Debug, Default)]
struct Stored {
    all: u64,
    with_pull_request: u64,
    more: bool,
}

impl Stored {
    fn add(&mut self, status: FixStatus, fixes: u64) {
        self.all += fixes;
        self.with_pull_request += if status.has_pull_request() { fixes } else { 0 };
    }
}

/// The numbers on the tabs. They do not depend on the tab and on the page.
pub(super) async fn counts(
    views: &Views,
    here: &Watching,
    subscriptions: &[String],
    query: &ListQuery,
) -> Result<TabCounts, ApiError> {
    let db = &views.platforms.db;
    let asked = Asked { branch: query.branch.clone(), since: query.from, until: query.end(), state: None };
    let (stored, (listings, _)) = futures::join!(
        stored(db, subscriptions, query),
        platforms::ask_all(views, &here.connections, &asked),
    );
    let stored = stored?;
    let fixed = with_fix(db, subscriptions, &listings).await?;
    let (mut all, mut success, mut failed) = (stored.all, 0, stored.all);
    let listed = listings.iter().flat_map(|listing| listing.deployments.iter());
    for deployment in listed.filter(|it| !fixed.contains(&(it.provider, it.platform_id.clone()))) {
        let state = deployment.state;
        if query.takes_words(&DeploymentRow::from(deployment.clone())) {
            all += 1;
            success += u64::from(state == DeploymentState::Ready);
            failed += u64::from(state == DeploymentState::Failed);
        }
    }
    let more = listings.iter().any(|listing| listing.more);
    let projects = here.connections.iter().flat_map(|watched| watched.projects.iter());
    let projects = projects
        .filter(|project| query.has_text(&project.platform_project_name, &project.github_repo_full_name));
    Ok(TabCounts {
        projects: AtLeast { count: projects.count() as u64, more: false },
        all: AtLeast { count: all, more: more || stored.more },
        success: AtLeast { count: success, more },
        failed: AtLeast { count: failed, more: more || stored.more },
        fixed: AtLeast { count: stored.with_pull_request, more: stored.more },
    })
}

/// The kept counts where they tell, else what the newest fixes say.
async fn stored(db: &Db, subscriptions: &[String], query: &ListQuery) -> Result<Stored, DbError> {
    let mut stored = Stored::default();
    if !query.has_row_filter() {
        for total in fixes::counts::totals(db, subscriptions).await? {
            stored.add(total.status, total.fixes);
        }
        return Ok(stored);
    }
    let window = Window { subscriptions, from: query.from, until: query.end(), ..Window::default() };
    let found = fixes::list::newest(db, &window, SCAN as u64).await?;
    stored.more = found.len() >= SCAN;
    for row in found.into_iter().map(DeploymentRow::from).filter(|row| query.takes_words(row)) {
        row.fix_status().into_iter().for_each(|status| stored.add(status, 1));
    }
    Ok(stored)
}
