//! The rules of a project as they stand on its page. What is changed is shown at once and then stored; what cannot be
//! stored is taken back and said.

use crate::{
    api,
    components::browser,
    model::{ApiError, ProjectRules, Provider, RuleRow, Step},
};
use leptos::{prelude::*, task::spawn_local};

/// The rules in their order, and what was said of them last. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Order {
    provider: Provider,
    id: StoredValue<String>,
    /// As they are shown.
    pub rows: RwSignal<Vec<RuleRow>>,
    /// The rule that hangs on the pointer.
    pub held: RwSignal<Option<String>>,
    /// What was done last, for those who do not see it.
    pub said: RwSignal<String>,
    /// The rule that the page was called for; of no interest once something else is moved.
    pub called: RwSignal<Option<String>>,
    /// Why it could not be stored.
    pub trouble: RwSignal<Option<ApiError>>,
    /// As they are stored.
    stored: StoredValue<Vec<RuleRow>>,
    storing: StoredValue<bool>,
}

impl Order {
    /// As the page came.
    pub fn new(project: ProjectRules, called: Option<String>) -> Self {
        let ProjectRules { provider, id, rules, .. } = project;
        Self {
            provider,
            id: StoredValue::new(id),
            stored: StoredValue::new(rules.clone()),
            rows: RwSignal::new(rules),
            held: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            called: RwSignal::new(called),
            trouble: RwSignal::new(None),
            storing: StoredValue::new(false),
        }
    }

    /// Where a rule stands.
    pub fn index(self, rule: &str) -> Option<usize> {
        self.rows.with_untracked(|rows| rows.iter().position(|row| row.id == rule))
    }

    /// One place up or down. The focus goes with the rule.
    pub fn step(self, rule: &str, to: Step) {
        let Some(index) = self.index(rule) else { return };
        let mut moved = false;
        self.rows.update(|rows| moved = to.apply(rows, index));
        if moved {
            self.keep(rule);
            // The button of the other direction, where this one leads no further.
            let last = self.rows.with_untracked(Vec::len) - 1;
            let button = match (to, self.index(rule)) {
                (Step::Up, Some(0)) => "down",
                (Step::Down, Some(index)) if index == last => "up",
                (Step::Up, _) => "up",
                (Step::Down, _) => "down",
            };
            browser::focus_soon(format!("#rule-{rule} button[value={button}]"));
        }
    }

    /// The held rule, to that place.
    pub fn drag(self, to: usize) {
        let Some(index) = self.held.get_untracked().and_then(|rule| self.index(&rule)) else { return };
        if index != to {
            self.rows.update(|rows| {
                let row = rows.remove(index);
                rows.insert(to.min(rows.len()), row);
            });
        }
    }

    /// The pointer lets go.
    pub fn release(self) {
        let Some(rule) = self.held.get_untracked() else { return };
        self.held.set(None);
        if ids(&self.rows.get_untracked()) != ids(&self.stored.get_value()) {
            self.keep(&rule);
        }
    }

    /// The pointer lets go, and nothing has happened.
    pub fn cancel(self) {
        if self.held.get_untracked().is_some() {
            self.held.set(None);
            self.rows.set(self.stored.get_value());
        }
    }

    /// On or off.
    pub fn switch(self, rule: String, on: bool) {
        let (provider, id) = (self.provider, self.id.get_value());
        let set = move |rows: &mut Vec<RuleRow>, rule: &str, on| {
            rows.iter_mut().filter(|row| row.id == rule).for_each(|row| row.rule.enabled = on);
        };
        self.rows.update(|rows| set(rows, &rule, on));
        self.trouble.set(None);
        self.said.set(format!("{} is {}.", self.name(&rule), if on { "on" } else { "off" }));
        spawn_local(async move {
            match api::switch_rule(provider, id, rule.clone(), on).await {
                Ok(()) => drop(self.stored.try_update_value(|rows| set(rows, &rule, on))),
                Err(error) => {
                    self.rows.try_update(|rows| set(rows, &rule, !on));
                    self.fail(error);
                }
            }
        });
    }

    fn name(self, rule: &str) -> String {
        let name =
            |rows: &Vec<RuleRow>| rows.iter().find(|row| row.id == rule).map(|row| row.rule.name.clone());
        self.rows.with_untracked(name).unwrap_or_default()
    }

    /// Says where the rule stands now, and stores the order. While one order is on its way, the next one waits: they
    /// might overtake each other.
    fn keep(self, rule: &str) {
        let place = self.index(rule).map_or(0, |index| index + 1);
        let all = self.rows.with_untracked(Vec::len);
        self.said.set(format!("{} is now number {place} of {all}.", self.name(rule)));
        self.trouble.set(None);
        self.called.set(None);
        if self.storing.get_value() {
            return;
        }
        self.storing.set_value(true);
        let (provider, id) = (self.provider, self.id.get_value());
        spawn_local(async move {
            // Until what is stored is what is shown, or the page has been left.
            while let Some(rows) = self.rows.try_get_untracked() {
                let order = ids(&rows);
                let answer = api::order_rules(provider, id.clone(), order.clone()).await;
                let now = self.rows.try_get_untracked().map(|rows| ids(&rows));
                match answer {
                    Ok(project) => {
                        self.stored.try_set_value(project.rules.clone());
                        if now.is_none_or(|now| now == order) {
                            self.rows.try_set(project.rules);
                            break;
                        }
                    }
                    Err(error) => {
                        if let Some(rows) = self.stored.try_get_value() {
                            self.rows.try_set(rows);
                        }
                        self.fail(error);
                        break;
                    }
                }
            }
            self.storing.try_set_value(false);
        });
    }

    fn fail(self, error: ApiError) {
        self.said.try_set(String::new());
        self.trouble.try_set(Some(error));
    }
}

fn ids(rows: &[RuleRow]) -> Vec<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}
