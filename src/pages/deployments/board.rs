//! What the page shows now: the rows and figures of the last answer, and what arrives while it is open.
//!
//! News of a fix comes by the live stream and changes its row at once. What only the platforms know comes with the
//! next answer of the server, which is asked for after news and now and then.

use crate::{
    api,
    components::live::{self, LiveState},
    model::{ApiError, Cursor, DeploymentRow, DeploymentsPage, FixSummary, ListQuery, Provider, Tab},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::{sync::Arc, time::Duration};

/// Several pieces of news are answered by one question.
const SOON: Duration = Duration::from_millis(400);
/// States of running deployments are this old at most.
const NOW_AND_THEN: Duration = Duration::from_secs(20);

/// A row that can change in place.
#[derive(Clone)]
pub struct Shown {
    /// The platform and its id.
    pub key: (Provider, String),
    /// Its place, which it keeps while it is on the page.
    place: Cursor,
    /// What it shows.
    pub row: ArcRwSignal<DeploymentRow>,
    /// It arrived while the page was open.
    pub fresh: bool,
}

impl Shown {
    fn new(row: DeploymentRow, fresh: bool) -> Option<Self> {
        let (provider, id) = row.key()?;
        Some(Self { key: (provider, id.to_owned()), place: row.cursor()?, row: ArcRwSignal::new(row), fresh })
    }
}

/// Navigates to an address, instead of the current one or after it.
type Go = Arc<dyn Fn(&str, bool) + Send + Sync>;

/// The state of the page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Board {
    /// What the address asks for.
    pub query: Memo<ListQuery>,
    /// The last answer, without its rows.
    pub page: RwSignal<DeploymentsPage>,
    /// What is shown, newest first.
    pub rows: RwSignal<Vec<Shown>>,
    /// What has arrived and is not shown yet.
    pub waiting: RwSignal<Vec<Shown>>,
    /// Another list is on its way.
    pub loading: RwSignal<bool>,
    /// Why it did not come.
    pub failed: RwSignal<Option<ApiError>>,
    asked_soon: StoredValue<bool>,
    go: StoredValue<Go>,
}

impl Board {
    /// The page as the server sent it. Loads another list whenever the address changes.
    pub fn new(mut page: DeploymentsPage, query: Memo<ListQuery>) -> Self {
        let rows = std::mem::take(&mut page.list.deployments);
        let navigate = use_navigate();
        let go: Go = Arc::new(move |href, replace| {
            navigate(href, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
        });
        let board = Self {
            query,
            page: RwSignal::new(page),
            rows: RwSignal::new(rows.into_iter().filter_map(|row| Shown::new(row, false)).collect()),
            waiting: RwSignal::new(Vec::new()),
            loading: RwSignal::new(false),
            failed: RwSignal::new(None),
            asked_soon: StoredValue::new(false),
            go: StoredValue::new(go),
        };
        Effect::new(move |before: Option<ListQuery>| {
            let now = query.get();
            if before.is_some_and(|before| before != now) {
                board.load();
            }
            now
        });
        board
    }

    /// The path of the page.
    pub fn path(self) -> String {
        let of_repository = self.query.with(|query| query.repository.clone());
        of_repository.map_or_else(|| "/deployments".to_owned(), |name| format!("/repos/{name}/deployments"))
    }

    /// The address of the newest page of this list, changed.
    pub fn href(self, change: impl FnOnce(&mut ListQuery)) -> String {
        let mut query = self.query.with(ListQuery::newest);
        change(&mut query);
        query.href(&self.path())
    }

    /// Goes to the newest page of this list, changed. Does nothing where that is what is shown.
    pub fn go(self, replace: bool, change: impl FnOnce(&mut ListQuery)) {
        let (here, there) = untrack(|| (self.query.get().href(&self.path()), self.href(change)));
        if here != there {
            self.go.with_value(|go| go(&there, replace));
        }
    }

    /// Asks for the list of the address.
    pub fn load(self) {
        self.loading.set(true);
        self.ask(|board, answer| {
            board.loading.set(false);
            board.failed.set(answer.as_ref().err().cloned());
            if let Ok(mut page) = answer {
                let rows = std::mem::take(&mut page.list.deployments);
                board.rows.set(rows.into_iter().filter_map(|row| Shown::new(row, false)).collect());
                board.waiting.set(Vec::new());
                board.page.set(page);
            }
        });
    }

    /// Asks for the same list again. Rows stay where they are; new ones arrive.
    fn refresh(self) {
        self.ask(|board, answer| {
            // The list is there: what could not be renewed is renewed next time.
            let Ok(mut page) = answer else { return };
            let rows = std::mem::take(&mut page.list.deployments);
            board.page.update(|before| {
                // Older rows follow what is shown, and what is new follows what was known first.
                page.list.next = before.list.next.take();
                page.made_at = before.made_at;
                *before = page;
            });
            rows.into_iter().rev().for_each(|row| board.take_in(row));
        });
    }

    fn ask(self, then: fn(Self, Result<DeploymentsPage, ApiError>)) {
        let asked = self.query.get_untracked();
        spawn_local(async move {
            let answer = api::list_deployments(asked.clone()).await;
            // Meanwhile the page may have been left, or another list asked for.
            if self.query.try_get_untracked() == Some(asked) {
                then(self, answer);
            }
        });
    }

    /// Follows the live stream. Says whether it flows.
    pub fn listen(self) -> Signal<LiveState> {
        self.now_and_then();
        let live = live::subscribe(
            "fix",
            || "/api/deployments/events".to_owned(),
            move |data| {
                if let Ok(fix) = serde_json::from_str::<FixSummary>(&data) {
                    self.take_in_fix(fix);
                }
            },
        );
        // The stream tells changes as they happen and no earlier ones.
        Effect::new(move |before: Option<LiveState>| {
            let now = live.get();
            if before == Some(LiveState::Reconnecting) && now == LiveState::Connected {
                self.refresh_soon();
            }
            now
        });
        live
    }

    fn take_in_fix(self, fix: FixSummary) {
        let key = (fix.provider, fix.platform_deployment_id.clone());
        match self.known(&key) {
            Some(row) => row.update(|row| row.fix = Some(fix)),
            None => self.arrive(fix.into()),
        }
        self.refresh_soon();
    }

    /// Puts an answer's row into the row that is shown, or lets it arrive.
    fn take_in(self, row: DeploymentRow) {
        let Some(key) = row.key().map(|(provider, id)| (provider, id.to_owned())) else { return };
        match self.known(&key) {
            Some(known) => known.set(row),
            None => self.arrive(row),
        }
    }

    fn known(self, key: &(Provider, String)) -> Option<ArcRwSignal<DeploymentRow>> {
        [self.rows, self.waiting].iter().find_map(|list| {
            list.with_untracked(|list| {
                list.iter().find(|shown| shown.key == *key).map(|shown| shown.row.clone())
            })
        })
    }

    fn arrive(self, row: DeploymentRow) {
        let query = self.query.get_untracked();
        let oldest = || self.rows.with_untracked(|rows| rows.last().map(|shown| shown.place.clone()));
        // What is older than all that is shown belongs to another page.
        let news = match query.after {
            None => row.cursor() > oldest(),
            Some(_) => row.at() > Some(self.page.with_untracked(|page| page.made_at)),
        };
        if query.tab == Tab::Projects || !news || !query.takes(&row) {
            return;
        }
        let whole = query.after.is_none() && !query.is_narrowed() && query.tab == Tab::All;
        let list = if whole && is_at_top() { self.rows } else { self.waiting };
        if let Some(shown) = Shown::new(row, true) {
            list.update(|list| insert(list, shown));
        }
    }

    /// Shows what has arrived: here, or on the newest page.
    pub fn show_waiting(self) {
        if self.query.with_untracked(|query| query.after.is_some()) {
            self.go(false, |_| {});
        } else {
            let arrived = std::mem::take(&mut *self.waiting.write());
            self.rows.update(|rows| arrived.into_iter().rev().for_each(|shown| insert(rows, shown)));
        }
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    fn refresh_soon(self) {
        if !self.asked_soon.get_value() {
            self.asked_soon.set_value(true);
            set_timeout(
                move || {
                    if self.asked_soon.try_set_value(false).is_none() {
                        self.refresh();
                    }
                },
                SOON,
            );
        }
    }

    fn now_and_then(self) {
        Effect::new(move |_| {
            let ticks = set_interval_with_handle(
                move || {
                    if !document().hidden() {
                        self.refresh();
                    }
                },
                NOW_AND_THEN,
            );
            on_cleanup(move || ticks.into_iter().for_each(|ticks| ticks.clear()));
        });
    }
}

fn insert(list: &mut Vec<Shown>, shown: Shown) {
    let below = list.iter().position(|other| other.place < shown.place).unwrap_or(list.len());
    list.insert(below, shown);
}

/// Rows may slide in only where they push nothing away under the reader's eyes.
fn is_at_top() -> bool {
    window().scroll_y().unwrap_or_default() < 80.0
}
