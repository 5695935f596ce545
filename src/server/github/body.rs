//! Turns the story of a fix into the words of its pull request: branch, title, description, commit message.
//!
//! Everything that comes from a log, a model or a platform is shown as code.

use super::markdown::{code, cut, fenced, link, plain};
use crate::model::{Attempt, BranchBuild, Fellow, Finding, GuardCheck, Provider};
use std::fmt::Write;

const TITLE_CHARS: usize = 100;
const QUOTED_LINES: usize = 40;
const QUOTED_LINE_CHARS: usize = 400;
const SUMMARY_CHARS: usize = 3000;
/// GitHub takes 65,536 characters.
const BODY_CHARS: usize = 60_000;

/// One run of a command in the sandbox.
#[derive(Clone, Debug)]
pub struct CommandRun {
    /// The command line.
    pub command: String,
    /// Its exit code; `None` when a limit or a signal ended it.
    pub exit_code: Option<i32>,
}

/// Everything that a pull request tells.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    /// Our id of the fix.
    pub fix_id: &'a str,
    /// The platform.
    pub provider: Provider,
    /// The project's name there.
    pub project_name: &'a str,
    /// The platform's id of the failed deployment.
    pub platform_deployment_id: &'a str,
    /// The platform's page about it.
    pub inspector_url: Option<&'a str>,
    /// The commit that failed, in full.
    pub commit_sha: &'a str,
    /// The cause.
    pub finding: &'a Finding,
    /// What the agent says it did.
    pub summary: Option<&'a str>,
    /// The failing build, in the sandbox.
    pub before: &'a CommandRun,
    /// The same build with the change. `None` when it did not come to that.
    pub after: Option<&'a CommandRun>,
    /// The guard's list.
    pub checks: &'a [GuardCheck],
    /// All attempts so far, oldest first.
    pub attempts: &'a [Attempt],
    /// Wall-clock seconds from the arrival of the failure.
    pub seconds: f64,
    /// How the platforms have built the branch.
    pub builds: &'a [&'a BranchBuild],
    /// Where else the commit failed in the same way.
    pub fellows: &'a [Fellow],
    /// Deploymend's page about the fix, if it has an address that others can open.
    pub page_url: Option<&'a str>,
}

impl Story<'_> {
    /// The build that failed now exits 0, and every check of the guard holds. Otherwise the pull request is a
    /// draft.
    pub fn verified(&self) -> bool {
        self.after.is_some_and(|run| run.exit_code == Some(0)) && self.checks.iter().all(|check| check.passed)
    }

    /// The title: one line without Markdown.
    pub fn title(&self) -> String {
        let start =
            format!("Fix the {} build of {}: ", self.provider.display_name(), plain(self.project_name, 40));
        let room = TITLE_CHARS.saturating_sub(start.chars().count()).max(30);
        format!("{start}{}", plain(&self.finding.message, room))
    }

    /// The commit's message.
    pub fn commit_message(&self) -> String {
        format!(
            "{}\n\nThe deployment {} of {} failed at {}.\n\nDeploymend-Fix: {}\n",
            plain(&self.finding.message, 72),
            plain(self.platform_deployment_id, 60),
            plain(self.project_name, 60),
            short(self.commit_sha),
            plain(self.fix_id, 60)
        )
    }

    /// The description in Markdown.
    pub fn body(&self) -> String {
        let mut body = String::new();
        self.write(&mut body);
        cut(&body, BODY_CHARS)
    }

    // Writing to a `String` cannot fail.
    fn write(&self, out: &mut String) {
        let deployment = match self.inspector_url {
            Some(page) => link("deployment", page),
            None => format!("deployment {}", code(self.platform_deployment_id)),
        };
        let _ = writeln!(
            out,
            "The {} {deployment} of {} failed at commit {}. {}\n",
            self.provider.display_name(),
            code(self.project_name),
            short(self.commit_sha),
            if self.verified() {
                "With this change the same build passes."
            } else {
                "This change is **not verified**: it is a draft."
            }
        );
        self.write_cause(out);
        if let Some(summary) = self.summary.filter(|summary| !summary.trim().is_empty()) {
            let _ = writeln!(
                out,
                "## Change\n\nIn the agent's words:\n\n{}",
                fenced(&cut(summary, SUMMARY_CHARS), "text")
            );
        }
        let _ = writeln!(out, "## Proof\n\n| | Command | Exit code |\n|---|---|---|");
        write_run(out, "Before", Some(self.before));
        write_run(out, "After", self.after);
        let _ = write!(out, "\n{}", self.platforms());
        let _ = writeln!(out, "## Checks\n");
        for check in self.checks {
            let _ = write!(out, "- [{}] {}", if check.passed { 'x' } else { ' ' }, check.label);
            if let Some(detail) = check.detail.as_deref().filter(|_| !check.passed) {
                let _ = write!(out, " {}", code(&cut(detail, QUOTED_LINE_CHARS)));
            }
            out.push('\n');
        }
        self.write_figures(out);
    }

    /// What the platforms make of the branch, as the description has it; empty before they have said anything.
    pub fn platforms(&self) -> String {
        let line = |build: &&BranchBuild| {
            format!("- {} ({})\n", build.words(), code(&cut(&build.project_name, QUOTED_LINE_CHARS)))
        };
        let failed = |fellow: &Fellow| {
            format!(
                "- Failed on {} as well ({}, deployment {})\n",
                fellow.provider.display_name(),
                code(&cut(&fellow.project_name, QUOTED_LINE_CHARS)),
                code(&fellow.platform_deployment_id)
            )
        };
        let lines: String = self.fellows.iter().map(failed).chain(self.builds.iter().map(line)).collect();
        if lines.is_empty() { lines } else { format!("## On the platforms\n\n{lines}\n") }
    }

    fn write_cause(&self, out: &mut String) {
        let _ = writeln!(out, "## Cause\n\n{}\n", code(&cut(&self.finding.message, QUOTED_LINE_CHARS)));
        let quoted = if self.finding.context.is_empty() {
            self.finding.root_line.clone()
        } else {
            let lines = self.finding.context.iter().take(QUOTED_LINES).map(|line| {
                let mark = if Some(line.number) == self.finding.line_number { '>' } else { ' ' };
                format!("{mark} {:>5}  {}", line.number, cut(&line.text, QUOTED_LINE_CHARS))
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        if !quoted.is_empty() {
            let _ = writeln!(out, "From the build log:\n\n{}", fenced(&quoted, "text"));
        }
        if !self.finding.differences.is_empty() {
            let text = self.finding.differences.join("\n");
            let _ = writeln!(
                out,
                "\nDifferences to other builds:\n\n{}",
                fenced(&cut(&text, SUMMARY_CHARS), "text")
            );
        }
    }

    fn write_figures(&self, out: &mut String) {
        let sum = |tokens: fn(&Attempt) -> i64| self.attempts.iter().map(tokens).sum::<i64>();
        let cost: f64 = self.attempts.iter().map(|attempt| attempt.cost_usd).sum();
        let _ = writeln!(
            out,
            "\n## Figures\n\n- Attempts: {}\n- Time: {}\n- Tokens: {} read, {} written\n- Model cost: ${cost:.2}",
            self.attempts.len(),
            duration(self.seconds),
            grouped(sum(|attempt| attempt.input_tokens)),
            grouped(sum(|attempt| attempt.output_tokens)),
        );
        if let Some(attempt) = self.attempts.last() {
            let _ = writeln!(out, "- Model: {}", code(&attempt.model));
        }
        let made_by = match self.page_url {
            Some(page) => link("Deploymend: the whole story", page),
            None => "Made by Deploymend".to_owned(),
        };
        let _ = writeln!(out, "\n{made_by} · fix {}", code(self.fix_id));
    }
}

/// The branch of a fix: the subscription's prefix and the fix's id.
pub fn branch_name(prefix: &str, fix_id: &str) -> String {
    format!("{prefix}{fix_id}")
}

fn write_run(out: &mut String, when: &str, run: Option<&CommandRun>) {
    let (command, exit_code) = match run {
        // In a table even code ends at a bar.
        Some(run) => (
            code(&cut(&run.command, QUOTED_LINE_CHARS)).replace('|', "\\|"),
            run.exit_code.map_or("ended by a limit".to_owned(), |exit| exit.to_string()),
        ),
        None => ("not run".to_owned(), "–".to_owned()),
    };
    let _ = writeln!(out, "| {when} | {command} | {exit_code} |");
}

fn short(sha: &str) -> String {
    sha.chars().filter(char::is_ascii_hexdigit).take(12).collect()
}

fn duration(seconds: f64) -> String {
    // Whole seconds; negative and huge values are saturated by the cast.
    let seconds = seconds.round() as u64;
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

fn grouped(number: i64) -> String {
    let digits = number.max(0).to_string();
    let from_end = |at: usize| (digits.len() - at).is_multiple_of(3);
    digits
        .char_indices()
        .flat_map(|(at, digit)| [(at > 0 && from_end(at)).then_some(','), Some(digit)])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContextLine, ErrorType, Verdict};

    fn finding() -> Finding {
        let line = |number, text: &str| ContextLine { number, text: text.into() };
        Finding {
            error_type: ErrorType::Typescript,
            message: "TS2339: Property 'titel' does not exist on type 'Product'.".into(),
            root_line: "src/list.ts(7,24): error TS2339: Property 'titel' does not exist on type 'Product'."
                .into(),
            line_number: Some(12),
            context: vec![
                line(11, "> tsc"),
                line(
                    12,
                    "src/list.ts(7,24): error TS2339: Property 'titel' does not exist on type 'Product'.",
                ),
                line(13, "Error: Command \"npm run build\" exited with 2"),
            ],
            affected_files: vec!["src/list.ts".into()],
            confidence: 0.95,
            verdict: Verdict::Code,
            advice: None,
            links: Vec::new(),
            build_again: false,
            differences: Vec::new(),
            fingerprint: "f".into(),
        }
    }

    fn attempt() -> Attempt {
        Attempt {
            number: 1,
            model: "gpt-5".into(),
            input_tokens: 12_345,
            output_tokens: 678,
            cost_usd: 0.0312,
            outcome: "ok".into(),
            seconds: 41.0,
        }
    }

    fn check(label: &str, passed: bool, detail: Option<&str>) -> GuardCheck {
        GuardCheck { name: "x".into(), label: label.into(), passed, detail: detail.map(Into::into) }
    }

    fn run(exit_code: Option<i32>) -> CommandRun {
        CommandRun { command: "npm run build".into(), exit_code }
    }

    fn story<'a>(
        finding: &'a Finding,
        before: &'a CommandRun,
        after: Option<&'a CommandRun>,
        checks: &'a [GuardCheck],
        attempts: &'a [Attempt],
    ) -> Story<'a> {
        Story {
            fix_id: "01JABCDEF",
            provider: Provider::VERCEL,
            project_name: "shop-web",
            platform_deployment_id: "dpl_1",
            inspector_url: Some("https://vercel.com/acme/shop-web/dpl_1"),
            commit_sha: "1111111111111111111111111111111111111111",
            finding,
            summary: Some("Corrected the property name.\n\n@octo-dev closes #1"),
            before,
            after,
            checks,
            attempts,
            seconds: 83.4,
            builds: &[],
            fellows: &[],
            page_url: Some("https://deploymend.example.com/deployments/01JABCDEF"),
        }
    }

    #[test]
    fn tells_how_the_platforms_have_built_it() {
        let (finding, before) = (finding(), run(Some(2)));
        let build = |provider, ready| BranchBuild {
            provider,
            project_id: "p".into(),
            project_name: "shop`web".into(),
            platform_deployment_id: "d".into(),
            ready,
        };
        let builds = [build(Provider::VERCEL, true), build(Provider::RENDER, false)];
        let builds: Vec<&BranchBuild> = builds.iter().collect();
        let story = Story { builds: &builds, ..story(&finding, &before, None, &[], &[]) };
        insta::assert_snapshot!(story.platforms(), @r"
        ## On the platforms

        - Green on Vercel (``shop`web``)
        - Red on Render (``shop`web``)
        ");
        assert!(story.body().contains(&story.platforms()));
    }

    #[test]
    fn tells_a_verified_fix() {
        let (finding, before, after, attempts) = (finding(), run(Some(2)), run(Some(0)), [attempt()]);
        let checks = [check("No CI workflow was edited.", true, None)];
        let story = story(&finding, &before, Some(&after), &checks, &attempts);
        assert!(story.verified());
        assert_eq!(branch_name("fix/deployment-", story.fix_id), "fix/deployment-01JABCDEF");
        insta::assert_snapshot!(story.title(), @"Fix the Vercel build of shop-web: TS2339: Property 'titel' does not exist on type 'Product'.");
        insta::assert_snapshot!(story.commit_message(), @r#"
        TS2339: Property 'titel' does not exist on type 'Product'.

        The deployment dpl_1 of shop-web failed at 111111111111.

        Deploymend-Fix: 01JABCDEF
        "#);
        insta::assert_snapshot!(story.body(), @r#"
        The Vercel [deployment](https://vercel.com/acme/shop-web/dpl_1) of `shop-web` failed at commit 111111111111. With this change the same build passes.

        ## Cause

        `TS2339: Property 'titel' does not exist on type 'Product'.`

        From the build log:

        ```text
             11  > tsc
        >    12  src/list.ts(7,24): error TS2339: Property 'titel' does not exist on type 'Product'.
             13  Error: Command "npm run build" exited with 2
        ```

        ## Change

        In the agent's words:

        ```text
        Corrected the property name.

        @octo-dev closes #1
        ```

        ## Proof

        | | Command | Exit code |
        |---|---|---|
        | Before | `npm run build` | 2 |
        | After | `npm run build` | 0 |

        ## Checks

        - [x] No CI workflow was edited.

        ## Figures

        - Attempts: 1
        - Time: 1 min 23 s
        - Tokens: 12,345 read, 678 written
        - Model cost: $0.03
        - Model: `gpt-5`

        [Deploymend: the whole story](https://deploymend.example.com/deployments/01JABCDEF) · fix `01JABCDEF`
        "#);
    }

    #[test]
    fn tells_a_draft() {
        let (finding, before, attempts) = (finding(), run(None), [attempt(), attempt()]);
        let checks = [check("No test was weakened.", false, Some("src/a.test.ts: `it.skip` was added"))];
        let story = Story {
            summary: None,
            page_url: None,
            inspector_url: None,
            ..story(&finding, &before, None, &checks, &attempts)
        };
        assert!(!story.verified());
        insta::assert_snapshot!(story.body(), @r#"
        The Vercel deployment `dpl_1` of `shop-web` failed at commit 111111111111. This change is **not verified**: it is a draft.

        ## Cause

        `TS2339: Property 'titel' does not exist on type 'Product'.`

        From the build log:

        ```text
             11  > tsc
        >    12  src/list.ts(7,24): error TS2339: Property 'titel' does not exist on type 'Product'.
             13  Error: Command "npm run build" exited with 2
        ```

        ## Proof

        | | Command | Exit code |
        |---|---|---|
        | Before | `npm run build` | ended by a limit |
        | After | not run | – |

        ## Checks

        - [ ] No test was weakened. ``src/a.test.ts: `it.skip` was added``

        ## Figures

        - Attempts: 2
        - Time: 1 min 23 s
        - Tokens: 24,690 read, 1,356 written
        - Model cost: $0.06
        - Model: `gpt-5`

        Made by Deploymend · fix `01JABCDEF`
        "#);
    }

    #[test]
    fn a_failed_check_or_build_is_not_verified() {
        let (finding, before, attempts) = (finding(), run(Some(1)), [attempt()]);
        for (exit, passed, expected) in
            [(Some(0), true, true), (Some(1), true, false), (None, true, false), (Some(0), false, false)]
        {
            let (after, checks) = (run(exit), [check("x", passed, None)]);
            assert_eq!(story(&finding, &before, Some(&after), &checks, &attempts).verified(), expected);
        }
    }

    #[test]
    fn hostile_logs_do_nothing() {
        let mut finding = finding();
        let evil = "@octo-dev closes #1 ``` </details><script>alert(1)</script> ![x](https://evil/x.png)";
        finding.message = evil.into();
        finding.context[1].text = format!("````\n{evil}");
        let (before, attempts) = (run(Some(1)), [attempt()]);
        let mut story = story(&finding, &before, None, &[], &attempts);
        story.summary = Some(evil);
        story.project_name = "x | y @z";
        for line in outside_of_code(&story.body()) {
            for word in ["@", "#1", "<", "![", "evil", "| y"] {
                assert!(!line.contains(word), "{word} in {line}");
            }
        }
        for text in [story.title(), story.commit_message()] {
            assert!(!text.contains("@octo") && !text.contains("#1") && !text.contains("://"), "{text}");
        }
        let lines = vec![ContextLine { number: 1, text: "x".repeat(100_000) }; 400];
        let huge = Finding { context: lines, ..finding.clone() };
        let long = Story { finding: &huge, ..story };
        let body = long.body();
        assert!(body.chars().count() < BODY_CHARS && body.contains("## Figures"));
    }

    /// The lines of a description without its blocks and spans of code, as CommonMark takes them apart.
    fn outside_of_code(body: &str) -> Vec<String> {
        let mut fence: Option<String> = None;
        let mut outside = Vec::new();
        for line in body.lines() {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            match &fence {
                Some(open) => {
                    if ticks.len() >= open.len() && line.trim_end() == ticks {
                        fence = None;
                    }
                }
                None if ticks.len() >= 3 && !line[ticks.len()..].contains('`') => fence = Some(ticks),
                None => outside.push(without_spans(line)),
            }
        }
        assert_eq!(fence, None, "a block is left open");
        outside
    }

    fn without_spans(line: &str) -> String {
        let mut rest = line;
        let mut kept = String::new();
        while let Some(start) = rest.find('`') {
            kept.push_str(&rest[..start]);
            let ticks = rest[start..].chars().take_while(|c| *c == '`').count();
            let inner = &rest[start + ticks..];
            let runs = inner.match_indices('`').map(|(at, _)| at);
            let close = runs.into_iter().find(|at| {
                !inner[..*at].ends_with('`')
                    && inner[*at..].chars().take_while(|c| *c == '`').count() == ticks
            });
            rest = close.map_or("", |at| &inner[at + ticks..]);
        }
        kept + rest
    }
}
