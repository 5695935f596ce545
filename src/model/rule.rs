//! What the pages of fix rules are made of.

use super::{ErrorType, FixStatus, Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Rules that a project may have.
pub const RULES_AT_MOST: usize = 100;
/// Longest name of a rule, in characters.
pub const RULE_NAME_LIMIT: usize = 100;
/// Longest pattern, in characters.
pub const RULE_PATTERN_LIMIT: usize = 1_000;
/// Longest prompt, in characters.
pub const RULE_PROMPT_LIMIT: usize = 4_000;

/// What a person enters for a rule, valid or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDraft {
    /// What they call it.
    pub name: String,
    /// A regular expression.
    pub pattern: String,
    /// Only errors of this kind; `None`: of any kind.
    pub error_type: Option<ErrorType>,
    /// No fix is made.
    pub skip: bool,
    /// What the agent is told in addition, when a fix is made.
    pub prompt: String,
    /// The rule is asked.
    pub enabled: bool,
}

impl Default for RuleDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            pattern: String::new(),
            error_type: None,
            skip: true,
            prompt: String::new(),
            enabled: true,
        }
    }
}

impl RuleDraft {
    /// What a form sends, in its body or in an address. `None` when it is not there.
    pub fn from_fields(field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        // Browsers send line breaks of a field as two characters, and one at an end was hardly meant.
        let pattern = field("pattern")?.replace("\r\n", "\n").trim_matches('\n').to_owned();
        let text = |name| field(name).unwrap_or_default();
        Some(Self {
            name: text("name"),
            pattern,
            error_type: ErrorType::parse(&text("kind")),
            skip: text("action") != "fix",
            prompt: text("prompt"),
            enabled: field("enabled").is_some(),
        })
    }

    /// The same, to be sent again.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![
            ("name", self.name.as_str()),
            ("pattern", &self.pattern),
            ("kind", self.error_type.map_or("", ErrorType::as_str)),
            ("action", if self.skip { "skip" } else { "fix" }),
            ("prompt", &self.prompt),
        ];
        if self.enabled {
            fields.push(("enabled", "on"));
        }
        fields
    }
}

/// A stored rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRow {
    /// Our id.
    pub id: String,
    /// What it says.
    pub rule: RuleDraft,
}

/// A watched project with its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRules {
    /// The platform.
    pub provider: Provider,
    /// Our id of the subscription.
    pub id: String,
    /// The project's name.
    pub project: String,
    /// The first to be asked first.
    pub rules: Vec<RuleRow>,
}

impl ProjectRules {
    /// The address of the project's rules.
    pub fn path(&self) -> String {
        rules_path(self.provider, &self.id)
    }
}

/// The address of a watched project's rules.
pub fn rules_path(provider: Provider, subscription_id: &str) -> String {
    format!("/integrations/{provider}/projects/{subscription_id}/rules")
}

/// The form of a rule, new or stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleForm {
    /// The project's name.
    pub project: String,
    /// What the fields hold.
    pub draft: RuleDraft,
    /// What the draft would have done.
    pub trial: Trial,
    /// Why what has been entered cannot be stored.
    pub refused: Option<String>,
}

/// The user's rule that decided about a fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLink {
    /// Its name.
    pub name: String,
    /// The address of its page.
    pub path: String,
}

/// What a pattern would have done about the last stored failures of its project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Why there is nothing to try; the other fields are empty then. An empty pattern is no problem yet.
    pub problem: Option<String>,
    /// Failures that were looked at.
    pub tried: usize,
    /// Time ran out, so that older failures were not looked at.
    pub cut: bool,
    /// How many of them match.
    pub matching: usize,
    /// The newest of those.
    pub matches: Vec<TrialMatch>,
}

/// A stored failure that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialMatch {
    /// Our id of the fix.
    pub fix_id: String,
    /// The branch.
    pub branch: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// What became of it.
    pub status: FixStatus,
    /// When it arrived.
    pub created_at: Timestamp,
    /// The lines that match, at most a few.
    pub lines: Vec<TrialLine>,
    /// Lines that match beyond those.
    pub more: usize,
    /// The name of an earlier rule that decides instead.
    pub earlier: Option<String>,
}

/// A line of a failure in three parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialLine {
    /// Its number in the log, from 1; `None` for the error as people read it.
    pub number: Option<usize>,
    /// What stands before the match.
    pub before: String,
    /// The first match.
    pub matched: String,
    /// What stands after it.
    pub after: String,
}

/// A step in the order of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Asked earlier.
    Up,
    /// Asked later.
    Down,
}

impl Step {
    /// Moves what is at `index` by one place, if there is one. Says whether there was.
    pub fn apply<T>(self, items: &mut [T], index: usize) -> bool {
        let other = match self {
            Self::Up => index.checked_sub(1),
            Self::Down => index.checked_add(1),
        };
        match other.filter(|other| index.max(*other) < items.len()) {
            Some(other) => {
                items.swap(index, other);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_comes_back_from_its_fields() {
        let rule = RuleDraft {
            name: "n".into(),
            pattern: "p".into(),
            error_type: Some(ErrorType::Build),
            skip: false,
            prompt: "q".into(),
            enabled: false,
        };
        for draft in [rule, RuleDraft::default()] {
            let fields = draft.fields();
            let field =
                |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
            assert_eq!(RuleDraft::from_fields(field), Some(draft.clone()));
        }
        assert_eq!(RuleDraft::from_fields(|name| (name == "name").then(String::new)), None);
        let typed = RuleDraft::from_fields(|name| (name == "pattern").then(|| "\r\na\r\nb \r\n".to_owned()));
        assert_eq!(typed.map(|draft| draft.pattern).as_deref(), Some("a\nb "));
    }

    #[test]
    fn a_step_stays_inside() {
        let mut items = ['a', 'b', 'c'];
        assert!(!Step::Up.apply(&mut items, 0));
        assert!(!Step::Down.apply(&mut items, 2));
        assert!(!Step::Up.apply(&mut items, 3));
        assert!(Step::Down.apply(&mut items, 0));
        assert!(Step::Up.apply(&mut items, 2));
        assert_eq!(items, ['b', 'c', 'a']);
    }
}
