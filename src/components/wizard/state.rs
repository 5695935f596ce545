//! Where a person is in the wizard, what they have filled in, and what came of it.

use super::super::browser;
use crate::{
    api,
    model::{ApiError, ConnectInput, Connection, Provider, Secret, TokenReport, token::check_format},
};
use leptos::{html::Dialog, prelude::*, task::spawn_local};

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What it will do, and what it will never do.
    Introduction,
    /// Where and how a token is made.
    Create,
    /// The token.
    Paste,
    /// What the platform says about it, and what was set up.
    Verify,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Introduction, Self::Create, Self::Paste, Self::Verify];

    /// The name that people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Introduction => "Introduction",
            Self::Create => "Create token",
            Self::Paste => "Paste token",
            Self::Verify => "Verify",
        }
    }

    /// The step of `?step=…`. There is no address for verifying: it needs the token.
    pub fn of_query(word: Option<&str>) -> Self {
        match word {
            Some("create") => Self::Create,
            Some("paste") => Self::Paste,
            _ => Self::Introduction,
        }
    }

    const fn query(self) -> &'static str {
        match self {
            Self::Introduction => "",
            Self::Create => "?step=create",
            Self::Paste | Self::Verify => "?step=paste",
        }
    }
}

/// What the wizard connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The platform.
    pub provider: Provider,
    /// Its page on which a token is made.
    pub token_page: String,
    /// There is a connection already: it gets a new token.
    pub again: bool,
}

impl Subject {
    /// The page of a step.
    pub fn page(&self, step: Step) -> String {
        format!("/integrations/{}{}", self.provider, step.query())
    }

    /// The title of the whole.
    pub fn title(&self) -> String {
        format!("{} {}", if self.again { "Reconnect" } else { "Connect" }, self.provider.display_name())
    }
}

/// How verifying goes.
#[derive(Clone, Debug)]
pub enum Phase {
    /// It has not begun.
    Idle,
    /// The platform is asked about the token.
    Checking,
    /// It has answered.
    Checked(TokenReport),
    /// Projects are linked and webhooks made.
    Connecting,
    /// All is set up.
    Done(Connection),
    /// It went wrong.
    Failed(ApiError),
}

/// The wizard of a page. Cheap to copy: signals.
#[derive(Clone, Copy)]
pub struct Wizard {
    /// What it connects.
    pub subject: RwSignal<Option<Subject>>,
    /// The current step.
    pub step: RwSignal<Step>,
    /// The token, in memory alone.
    pub token: RwSignal<String>,
    /// The person's note about it.
    pub note: RwSignal<String>,
    /// The day on which it expires, `YYYY-MM-DD`.
    pub expires_on: RwSignal<String>,
    /// The only team to watch.
    pub team: RwSignal<Option<String>>,
    /// Fixes start by themselves.
    pub auto_fix: RwSignal<bool>,
    /// How verifying goes.
    pub phase: RwSignal<Phase>,
    /// Grows with each connection that was made: what stands behind the wizard is asked again.
    pub connected: RwSignal<u32>,
    /// The modal, where the wizard is one.
    pub dialog: NodeRef<Dialog>,
    /// Something was pressed since the step was reached.
    pub touched: RwSignal<bool>,
    /// Tells the answer that is waited for from one to an earlier question.
    run: RwSignal<u32>,
}

impl Wizard {
    /// A wizard without a subject.
    pub fn new() -> Self {
        Self {
            subject: RwSignal::new(None),
            step: RwSignal::new(Step::Introduction),
            token: RwSignal::default(),
            note: RwSignal::default(),
            expires_on: RwSignal::default(),
            team: RwSignal::new(None),
            auto_fix: RwSignal::new(true),
            phase: RwSignal::new(Phase::Idle),
            connected: RwSignal::new(0),
            dialog: NodeRef::new(),
            touched: RwSignal::new(false),
            run: RwSignal::new(0),
        }
    }

    /// Begins, or goes on where the person left off with the same platform.
    pub fn start(self, subject: Subject, step: Step) {
        if self.subject.get_untracked().as_ref() != Some(&subject) {
            self.clear();
            self.step.set(step);
            self.subject.set(Some(subject));
        }
    }

    /// Shows it as a modal.
    pub fn open(self, subject: Subject) {
        self.start(subject, Step::Introduction);
        if let Some(dialog) = self.dialog.get_untracked() {
            // It is open already where two clicks come at once.
            let _ = dialog.show_modal();
        }
        browser::focus_soon("[data-focus]");
    }

    /// Forgets everything that was filled in.
    pub fn clear(self) {
        self.run.update(|run| *run += 1);
        self.subject.set(None);
        self.step.set(Step::Introduction);
        self.token.set(String::new());
        self.note.set(String::new());
        self.expires_on.set(String::new());
        self.team.set(None);
        self.auto_fix.set(true);
        self.phase.set(Phase::Idle);
    }

    /// Moves to a step. An answer that is still on its way is not waited for.
    pub fn go(self, step: Step) {
        self.run.update(|run| *run += 1);
        self.touched.set(false);
        self.step.set(step);
        browser::focus_soon("[data-focus]");
    }

    /// Notes that something was pressed.
    pub fn touch(self) {
        self.touched.set(true);
    }

    /// Asks the platform about the token, if it can be one.
    pub fn verify(self) {
        let token = self.token.get_untracked().trim().to_owned();
        let Some(subject) = self.subject.get_untracked().filter(|_| check_format(&token).is_ok()) else {
            return;
        };
        self.go(Step::Verify);
        self.phase.set(Phase::Checking);
        let run = self.run.get_untracked();
        spawn_local(async move {
            let answer = api::examine_token(subject.provider, Secret(token)).await;
            self.settle(run, answer.map(Phase::Checked));
        });
    }

    /// Connects with what was filled in.
    pub fn connect(self) {
        let Some(subject) = self.subject.get_untracked() else { return };
        let input = ConnectInput {
            provider: subject.provider,
            token: Secret(self.token.get_untracked().trim().to_owned()),
            note: self.note.get_untracked(),
            expires_on: self.expires_on.get_untracked(),
            team_id: self.team.get_untracked(),
            auto_fix: self.auto_fix.get_untracked(),
        };
        self.phase.set(Phase::Connecting);
        let run = self.run.get_untracked();
        spawn_local(async move {
            let answer = api::connect_platform(input).await;
            // The connection is there even if nobody waits for it any more.
            if answer.is_ok() {
                self.connected.try_update(|connected| *connected += 1);
            }
            self.settle(run, answer.map(Phase::Done));
        });
    }

    fn settle(self, run: u32, answer: Result<Phase, ApiError>) {
        // The page may have been left meanwhile.
        if self.run.try_get_untracked() != Some(run) {
            return;
        }
        if let Ok(Phase::Checked(report)) = &answer
            && !report.scopes.iter().any(|scope| scope.team_id == self.team.get_untracked())
        {
            self.team.set(None);
        }
        if matches!(answer, Ok(Phase::Done(_))) {
            self.token.set(String::new());
        }
        self.touched.set(false);
        self.phase.set(answer.unwrap_or_else(Phase::Failed));
        browser::focus_soon("[data-focus]");
    }
}

impl Default for Wizard {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_but_the_last_has_a_page() {
        let subject = Subject { provider: Provider::VERCEL, token_page: String::new(), again: false };
        for step in [Step::Introduction, Step::Create, Step::Paste] {
            let page = subject.page(step);
            let word = page.split_once("?step=").map(|(_, word)| word);
            assert_eq!(Step::of_query(word), step);
        }
        assert_eq!(subject.page(Step::Verify), subject.page(Step::Paste));
    }
}
