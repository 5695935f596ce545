//! `deploymend analyze`: a build log from a file or the standard input → its cause, for people or as JSON.
//!
//! Needs no server and no database, and holds only the lines near errors, however long the log. Exit codes: 0 the cause was found, 2 wrong usage (also a file that cannot be
//! read), 3 the log reports no error.

use crate::{
    model::{ErrorType, Finding, Link, Provider, Verdict},
    server::diagnosis::{self, Diagnosis, Hints, LogError, redact},
};
use anyhow::Context as _;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The log reports no error.
const NOTHING_FOUND: u8 = 3;
/// The command was used wrongly.
const USAGE: u8 = 2;
/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// Reads a build log and says what broke.
///
/// Exit codes: 0 the cause was found, 2 wrong usage, 3 the log reports no error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// The platform that the log is from (vercel, cloudflare, render): advice names its screens.
    #[arg(long, value_name = "NAME")]
    platform: Option<Provider>,
    /// The folder of the repository that the platform builds in.
    #[arg(long, value_name = "FOLDER")]
    root_directory: Option<String>,
    /// The platform's own page about the deployment: links lead to its project's screens.
    #[arg(long, value_name = "URL", requires = "platform")]
    deployment_page: Option<String>,
    /// Take mail addresses out, too.
    #[arg(long)]
    redact_mail: bool,
    /// The log; `-` or nothing: the standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Report<'a> {
    error_type: ErrorType,
    /// The log's own line, trimmed, with its prefixes; redacted.
    root_line: &'a str,
    line_number: Option<usize>,
    message: &'a str,
    affected_files: &'a [String],
    confidence: f64,
    verdict: Verdict,
    advice: Option<&'a str>,
    /// The screens that the advice names, then the documentation.
    links: &'a [Link],
    fingerprint: &'a str,
    id: Option<&'static str>,
    errors: &'a [LogError],
}

/// Runs the command. The exit code says whether a cause was found.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.redact_mail {
        redact::hide_mail_addresses();
    }
    let hints = Hints {
        root_directory: args.root_directory.clone(),
        provider: args.platform,
        inspector_url: args.deployment_page.clone(),
    };
    let diagnosis = match open(args.file.as_deref()).and_then(|log| analyzed(log, &hints)) {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error:#}")?;
            return Ok(ExitCode::from(USAGE));
        }
    };
    let mut out = std::io::stdout().lock();
    let printed = if args.json { print_json(&mut out, &diagnosis) } else { print_text(&mut out, &diagnosis) };
    match printed {
        // The reader of a pipe may go away; that is not a failure of the analysis.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(if diagnosis.id.is_some() { ExitCode::SUCCESS } else { ExitCode::from(NOTHING_FOUND) })
}

fn open(file: Option<&Path>) -> anyhow::Result<Box<dyn Read>> {
    match file {
        Some(path) if path != Path::new("-") => {
            let opened = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Box::new(opened))
        }
        _ => Ok(Box::new(std::io::stdin().lock())),
    }
}

fn analyzed(log: impl Read, hints: &Hints) -> anyhow::Result<Diagnosis> {
    diagnosis::analyze_stream(decoded(log), hints).context("cannot read the log")
}

/// Windows consoles write UTF-16 with a byte-order mark.
fn decoded(log: impl Read) -> impl BufRead {
    let decoder = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(log);
    BufReader::with_capacity(CHUNK, decoder)
}

fn print_json(out: &mut impl Write, diagnosis: &Diagnosis) -> std::io::Result<()> {
    let finding = &diagnosis.finding;
    let report = Report {
        error_type: finding.error_type,
        root_line: &diagnosis.own_line,
        line_number: finding.line_number,
        message: &finding.message,
        affected_files: &finding.affected_files,
        confidence: (finding.confidence * 100.0).round() / 100.0,
        verdict: finding.verdict,
        advice: finding.advice.as_deref(),
        links: &finding.links,
        fingerprint: &finding.fingerprint,
        id: diagnosis.id,
        errors: &diagnosis.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn print_text(out: &mut impl Write, diagnosis: &Diagnosis) -> std::io::Result<()> {
    let finding: &Finding = &diagnosis.finding;
    writeln!(out, "{}", finding.message)?;
    let percent = (finding.confidence * 100.0).round();
    writeln!(
        out,
        "\nKind: {} · verdict: {} · confidence: {percent} %",
        finding.error_type.as_str(),
        finding.verdict.as_str()
    )?;
    if !finding.affected_files.is_empty() {
        writeln!(out, "Files: {}", finding.affected_files.join(", "))?;
    }
    if let Some(advice) = &finding.advice {
        writeln!(out, "What to do: {advice}")?;
    }
    for link in &finding.links {
        writeln!(out, "See: {} <{}>", link.label, link.url)?;
    }
    let others = diagnosis.errors.iter().filter(|error| Some(error.line_number) != finding.line_number);
    match others.clone().count() {
        0 => {}
        count => {
            let follow = others.filter(|error| error.follows_from.is_some()).count();
            writeln!(out, "Also reported: {count}, of which {follow} follow from it")?;
        }
    }
    writeln!(out, "Fingerprint: {}\n", finding.fingerprint)?;
    for line in &finding.context {
        let mark = if Some(line.number) == finding.line_number { '>' } else { ' ' };
        writeln!(out, "{mark} {:>6} │ {}", line.number, line.text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"plain", "plain")]
    #[case(b"\xff\xfeE\0r\0", "Er")]
    #[case(b"\xfe\xff\0E\0r", "Er")]
    #[case(b"\xef\xbb\xbfEr", "Er")]
    fn decodes_what_consoles_write(#[case] bytes: &[u8], #[case] expected: &str) {
        let mut text = String::new();
        decoded(bytes).read_to_string(&mut text).expect("text");
        assert_eq!(text, expected);
    }

    #[test]
    fn json_quotes_the_logs_own_line() {
        let lines =
            ["[12:00:00.000] src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'."];
        let diagnosis = diagnosis::analyze(&lines, &Hints::default());
        let mut out = Vec::new();
        print_json(&mut out, &diagnosis).expect("writing to memory");
        let report: serde_json::Value = serde_json::from_slice(&out).expect("valid JSON");
        assert_eq!(report["root_line"], lines[0]);
        assert_eq!(report["line_number"], 1);
        assert_eq!(report["affected_files"][0], "src/a.ts");
        assert_eq!(report["errors"][0]["id"], "typescript.error");
        assert_eq!(report["confidence"], 0.97);
    }

    #[test]
    fn both_outputs_have_the_links() {
        let hints = Hints {
            provider: Some(Provider::RENDER),
            inspector_url: Some("https://dashboard.render.com/web/srv-1/deploys/dep-1".into()),
            ..Hints::default()
        };
        let diagnosis = diagnosis::analyze(&["Error: Missing env var: NEXT_PUBLIC_API_URL"], &hints);
        let (mut json, mut text) = (Vec::new(), Vec::new());
        print_json(&mut json, &diagnosis).expect("writing to memory");
        print_text(&mut text, &diagnosis).expect("writing to memory");
        let report: serde_json::Value = serde_json::from_slice(&json).expect("valid JSON");
        let link = &report["links"][0];
        assert_eq!(
            (&link["kind"], &link["url"]),
            (&"screen".into(), &"https://dashboard.render.com/web/srv-1/env".into())
        );
        let line = "See: Open the environment variables <https://dashboard.render.com/web/srv-1/env>";
        assert!(String::from_utf8_lossy(&text).lines().any(|printed| printed == line));
    }

    #[rstest]
    #[case(Some("src/a.ts(3,7): error TS2322: bad\n"), ExitCode::SUCCESS)]
    #[case(Some("all is well\n"), ExitCode::from(NOTHING_FOUND))]
    #[case(Some(""), ExitCode::from(NOTHING_FOUND))]
    #[case(None, ExitCode::from(USAGE))]
    fn exit_codes_are_as_documented(#[case] log: Option<&str>, #[case] expected: ExitCode) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("build.log");
        if let Some(log) = log {
            std::fs::write(&file, log).expect("a writable folder");
        }
        let args = Args {
            json: true,
            platform: None,
            root_directory: None,
            deployment_page: None,
            redact_mail: false,
            file: Some(file),
        };
        assert_eq!(format!("{:?}", run(&args).expect("no failure")), format!("{expected:?}"));
    }
}
