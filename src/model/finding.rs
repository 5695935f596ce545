//! What the diagnosis says about a build log.

use serde::{Deserialize, Serialize};

/// The kind of an error, as fix rules name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ErrorType {
    /// The type checker refused the code.
    Typescript,
    /// A package is missing, conflicts or cannot be installed.
    Dependency,
    /// A setting of the project, its tools or the platform is wrong.
    Config,
    /// Code ran during the build and threw.
    Runtime,
    /// A bundler, compiler or linter refused the code.
    Build,
    /// None of these.
    Other,
}

impl ErrorType {
    /// Every kind, in the order of the rule form.
    pub const ALL: [Self; 6] =
        [Self::Typescript, Self::Dependency, Self::Config, Self::Runtime, Self::Build, Self::Other];

    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Typescript => "typescript",
            Self::Dependency => "dependency",
            Self::Config => "config",
            Self::Runtime => "runtime",
            Self::Build => "build",
            Self::Other => "other",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Who can repair it: only [`Verdict::Code`] starts an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A change of the repository's files.
    Code,
    /// A setting or a variable on the platform.
    Config,
    /// The platform itself: a quota, an outage, a policy.
    Platform,
    /// Nothing is wrong; building again is likely to work.
    Flaky,
}

impl Verdict {
    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Config => "config",
            Self::Platform => "platform",
            Self::Flaky => "flaky",
        }
    }
}

/// One line of the log, quoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ContextLine {
    /// Its number in the log, from 1.
    pub number: usize,
    /// Its text without ANSI codes, redacted.
    pub text: String,
}

/// What is behind a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// The platform's screen with the value to change.
    Screen,
    /// Documentation of the error or of the setting.
    Docs,
}

/// Where there is more to see, or something to do. Made by the diagnosis, never taken from a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Link {
    /// What is there.
    pub kind: LinkKind,
    /// The words of the link.
    pub label: String,
    /// An https address.
    pub url: String,
}

/// The cause of a failed build, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Finding {
    /// The kind of error.
    pub error_type: ErrorType,
    /// The error in one line, as people read it.
    pub message: String,
    /// The log's own line that names the cause, trimmed. Empty for an empty log.
    pub root_line: String,
    /// The number of that line, from 1. `None` for an empty log.
    pub line_number: Option<usize>,
    /// Up to 10 lines before the root line, the line, and up to 20 after it.
    pub context: Vec<ContextLine>,
    /// Repository-relative paths, most likely first, at most 10.
    pub affected_files: Vec<String>,
    /// 0 (a guess) to 1 (certain).
    pub confidence: f64,
    /// Who can repair it.
    pub verdict: Verdict,
    /// What a person should do, when the verdict is not code.
    pub advice: Option<String>,
    /// The screens that the advice names, then the documentation.
    #[serde(default)]
    pub links: Vec<Link>,
    /// The advice is to build the same commit once more.
    #[serde(default)]
    pub build_again: bool,
    /// What is done differently where the same commit is green, or in the sandbox, as sentences.
    #[serde(default)]
    pub differences: Vec<String>,
    /// The same for the same error in another build: stable under paths' roots, hashes, times, ports and line shifts.
    pub fingerprint: String,
}

impl Finding {
    /// The same finding with one more difference, told once.
    #[must_use]
    pub fn with_difference(mut self, sentence: &str) -> Self {
        if !self.differences.iter().any(|known| known == sentence) {
            self.differences.push(sentence.to_owned());
        }
        self
    }

    /// The links of that kind.
    pub fn links(&self, kind: LinkKind) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.kind == kind)
    }

    /// The quoted lines as one text, without numbers.
    pub fn context_text(&self) -> String {
        self.context.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_without_links_is_still_read() {
        let stored = serde_json::json!({
            "error_type": "config", "message": "m", "root_line": "r", "line_number": 1, "context": [],
            "affected_files": [], "confidence": 0.9, "verdict": "config", "advice": "a", "fingerprint": "f",
        });
        let finding: Finding = serde_json::from_value(stored).expect("an old finding");
        assert_eq!((finding.links, finding.build_again), (Vec::new(), false));
    }
}
