//! Cases and what the diagnosis says about them → how often it is right, and where it is not.

use super::cases::Case;
use deploymend::{
    model::{ErrorType, Finding, Verdict},
    server::diagnosis::{Hints, analyze, clean::clean},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// Findings from this confidence on are said to be sure.
const SURE: f64 = 0.9;

/// Logs of so many bytes are long; of them the model is to be spared so many hundredths.
const LONG: usize = 20_000;
const REMOVED: usize = 85;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    right: usize,
    of: usize,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    fn percent(self) -> String {
        if self.of == 0 {
            return "–".to_owned();
        }
        format!("{:.1} % of {}", 100.0 * self.right as f64 / self.of as f64, self.of)
    }
}

/// How a set of cases went.
#[derive(Debug, Default)]
pub struct Score {
    types: Share,
    roots: Share,
    recall: Share,
    precision: Share,
    sure: Share,
    withheld: Share,
    verdicts: Share,
    /// Bytes of long logs that a model does not see.
    left_out: Share,
    excerpts: Share,
    /// Labelled type → found type → how often.
    confusion: BTreeMap<String, BTreeMap<&'static str, usize>>,
    misses: String,
}

impl Score {
    /// Diagnoses every case.
    pub fn of(cases: &[Case]) -> Self {
        let mut score = Self::default();
        for case in cases {
            score.add(case);
        }
        score
    }

    fn add(&mut self, case: &Case) {
        let lines: Vec<&str> = case.log.lines().collect();
        let diagnosis = analyze(&lines, &Hints::default());
        let finding = &diagnosis.finding;
        let label = &case.label;
        let kind = finding.error_type.as_str();
        let type_right = label.error_type == kind || label.also.iter().any(|also| also == kind);
        // The line as people see it: without colours and what runners print before it.
        let shown = |line: &str| clean(line).trim().to_owned();
        let root = shown(finding.line_number.map_or("", |number| lines[number - 1]));
        let root_right = label.root_alt.iter().chain([&label.root_line]).any(|line| shown(line) == root);
        self.types.count(type_right);
        self.roots.count(root_right);
        for file in &label.affected_files {
            self.recall.count(finding.affected_files.contains(file));
        }
        for file in &finding.affected_files {
            self.precision.count(label.affected_files.contains(file));
        }
        if finding.confidence >= SURE {
            self.sure.count(type_right);
        }
        if finding.verdict != Verdict::Code {
            self.withheld.count(withholds_rightly(finding, case, type_right && root_right));
        }
        if let Some(verdict) = &label.verdict {
            self.verdicts.count(verdict == finding.verdict.as_str());
        }
        if case.log.len() >= LONG {
            let kept: usize = diagnosis.excerpt.iter().map(|line| line.text.len() + 1).sum();
            self.left_out.right += case.log.len().saturating_sub(kept);
            self.left_out.of += case.log.len();
            self.excerpts.count(kept * 100 <= case.log.len() * (100 - REMOVED));
        }
        *self.confusion.entry(label.error_type.clone()).or_default().entry(kind).or_default() += 1;
        self.note(case, finding, diagnosis.id, (type_right, root_right, &root));
    }

    fn note(
        &mut self,
        case: &Case,
        finding: &Finding,
        id: Option<&str>,
        (type_right, root_right, root): (bool, bool, &str),
    ) {
        let label = &case.label;
        let files_right = finding.affected_files.len() == label.affected_files.len()
            && finding.affected_files.iter().all(|file| label.affected_files.contains(file));
        let verdict_right =
            label.verdict.as_deref().is_none_or(|verdict| verdict == finding.verdict.as_str());
        if type_right && root_right && files_right && verdict_right {
            return;
        }
        let mut line = |text: String| {
            let _ = writeln!(self.misses, "{text}");
        };
        line(format!("{} [{}]", case.name, id.unwrap_or("nothing known")));
        if !type_right {
            line(format!("  type   {}, not {}", label.error_type, finding.error_type.as_str()));
        }
        if !root_right {
            line(format!("  root   {}\n  not    {root}", label.root_line.trim()));
        }
        if !verdict_right {
            let wanted = label.verdict.as_deref().unwrap_or_default();
            line(format!("  by     {wanted}, not {}", finding.verdict.as_str()));
        }
        if !files_right {
            line(format!("  files  {:?}, not {:?}", label.affected_files, finding.affected_files));
        }
    }

    /// The table for people.
    pub fn print(&self, name: &str) {
        println!("\n{name}");
        for (what, share) in [
            ("type", self.types),
            ("root line", self.roots),
            ("files that the label names (recall)", self.recall),
            ("files that are named (precision)", self.precision),
            ("type, where it is sure", self.sure),
            ("verdicts that start no agent", self.withheld),
            ("verdict, where the label has one", self.verdicts),
            ("bytes of long logs kept from the model", self.left_out),
            ("long logs with 85 % kept from it", self.excerpts),
        ] {
            println!("  {what:<38}{}", share.percent());
        }
        print!("\n  {:<14}", "label \\ found");
        for found in ErrorType::ALL {
            print!("{:>11}", found.as_str());
        }
        println!();
        for (label, found) in &self.confusion {
            print!("  {label:<14}");
            for kind in ErrorType::ALL {
                match found.get(kind.as_str()) {
                    Some(count) => print!("{count:>11}"),
                    None => print!("{:>11}", "·"),
                }
            }
            println!();
        }
        if !self.misses.is_empty() {
            println!("\n{}", self.misses.trim_end());
        }
    }
}

/// Where no person has said who can repair it, withholding the agent is right when the cause was understood.
fn withholds_rightly(finding: &Finding, case: &Case, understood: bool) -> bool {
    match &case.label.verdict {
        Some(verdict) => verdict == finding.verdict.as_str(),
        None => understood,
    }
}
