//! Is it true? The pull request's parent is built and its head is built, with git and npm alone.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::Standins;
use crate::build::shell;
use crate::git;

const REPOSITORY: &str = "acme/shop-web";

/// What was found outside the product.
pub struct Verdict {
    number: u64,
    title: String,
    draft: bool,
    author: String,
    diff: String,
    before: Option<i32>,
    after: Option<i32>,
}

/// Builds both sides of the pull request.
///
/// # Errors
/// There is no pull request, or git cannot check a side out.
pub async fn check(standins: &Standins, fix: &Value, folder: &Path) -> anyhow::Result<Verdict> {
    let summary = &fix["summary"];
    let reason = summary["reason"].as_str().unwrap_or("it gave no reason");
    let number = summary["pr_number"].as_u64().with_context(|| format!("no pull request: {reason}"))?;
    let pulls = standins.pulls(REPOSITORY);
    let pull =
        pulls.iter().find(|pull| pull.number == number).context("GitHub does not know the pull request")?;
    let commits = standins.commits(REPOSITORY, &format!("refs/heads/{}", pull.head)).await?;
    let head = commits.first().context("the branch is empty")?;
    let scratch = tempfile::tempdir_in(folder)?;
    let (mut exits, mut sides) = (Vec::new(), Vec::new());
    for (name, revision) in [("before", format!("{}^", head.sha)), ("after", head.sha.clone())] {
        let side = standins.export(REPOSITORY, &revision, &scratch.path().join(name)).await?;
        let (installed, output) = shell(&side, "npm ci").await?;
        anyhow::ensure!(installed == Some(0), "npm ci fails {name} the repair:\n{output}");
        exits.push(shell(&side, "npm run build").await?.0);
        sides.push(revision);
    }
    let diff = git::diff(&standins.bare(REPOSITORY), &sides[0], &sides[1]).await?;
    Ok(Verdict {
        number,
        title: pull.title.clone(),
        draft: pull.draft,
        author: format!("{} <{}>", head.author.name, head.author.email),
        diff,
        before: exits[0],
        after: exits[1],
    })
}

impl Verdict {
    /// A ready pull request whose parent fails to build and whose head builds.
    pub fn is_good(&self) -> bool {
        !self.draft && self.before.is_some_and(|code| code != 0) && self.after == Some(0)
    }

    /// For `report.json`.
    pub fn report(&self, fix: &Value) -> Value {
        json!({
            "pull_request": { "number": self.number, "title": self.title, "draft": self.draft, "author": self.author },
            "diff": self.diff,
            "exit_code_before": self.before,
            "exit_code_after": self.after,
            "verified": self.is_good(),
            "fix": fix,
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = |exit: Option<i32>| exit.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        writeln!(
            f,
            "\nPull request #{}{}: {}",
            self.number,
            if self.draft { " (draft)" } else { "" },
            self.title
        )?;
        writeln!(f, "Author: {}", self.author)?;
        writeln!(f, "{}", self.diff)?;
        writeln!(
            f,
            "Built outside the product: `npm run build` exits {} before and {} after.",
            code(self.before),
            code(self.after)
        )
    }
}
