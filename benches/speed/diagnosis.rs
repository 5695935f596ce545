//! The diagnosis of long logs: in this process, and by `deploymend analyze` fed through a pipe.

use crate::{
    build_log::build_log,
    report::{Figure, Row},
};
use anyhow::Context as _;
use deploymend::server::diagnosis::{
    Hints, analyze, analyze_stream, analyze_with,
    catalogue::{Catalogue, Entry, entries, needles},
};
use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Child, Command, Stdio},
    time::Instant,
};

/// Lines of the log that the aims are about: 20 MB.
const LINES: usize = 200_000;
/// Runs of which the median is taken.
const RUNS: usize = 9;
/// Bytes of the stream whose memory is looked at.
const STREAM: usize = 1 << 30;

pub fn measure() -> anyhow::Result<Vec<Row>> {
    let lines = build_log(LINES);
    let mut text = lines.join("\n");
    text.push('\n');
    anyhow::ensure!(analyze(&lines, &Hints::default()).id == Some("typescript.error"), "the error is found");

    let mut rows = vec![Row::new(
        format!("diagnosis of {} lines, {:.1} MB", lines.len(), megabytes(text.len())),
        "under 80 ms",
        timed(text.len(), || drop(analyze(&lines, &Hints::default()))),
    )];
    rows.push(Row::new(
        "the same, read as a stream",
        "under 80 ms",
        timed(text.len(), || drop(analyze_stream(text.as_bytes(), &Hints::default()))),
    ));
    rows.push(Row::new("grep -c -i -F with the same words", "", grep(&text)?));
    for (name, some) in [("a tenth of", &lines[LINES / 10 * 9..]), ("half of", &lines[LINES / 2..])] {
        let bytes = some.iter().map(|line| line.len() + 1).sum();
        let figures = timed(bytes, || drop(analyze(some, &Hints::default())));
        rows.push(Row::new(format!("diagnosis of {name} that log"), "the same rate", figures));
    }
    for count in [10, 1_000] {
        let catalogue = Catalogue::of(made_up(count));
        let figures = timed(text.len(), || drop(analyze_with(&catalogue, &lines, &Hints::default())));
        rows.push(Row::new(format!("diagnosis by {count} entries"), "hardly slower with more", figures));
    }
    rows.push(memory("memory of `analyze`, that log", "under twice the log", &text, text.len())?);
    rows.push(memory("memory of `analyze`, a stream of 1 GiB", "as for a short one", &text, STREAM)?);
    Ok(rows)
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn timed(bytes: usize, mut run: impl FnMut()) -> Vec<Figure> {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    figures(bytes, seconds[RUNS / 2])
}

fn figures(bytes: usize, seconds: f64) -> Vec<Figure> {
    vec![
        Figure::new("median", seconds * 1_000.0, "ms"),
        Figure::new("rate", megabytes(bytes) / seconds, "MB/s"),
    ]
}

/// What a well-made search for the same words takes on the same log.
fn grep(text: &str) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let (log, words) = (folder.path().join("build.log"), folder.path().join("words"));
    // Its file has a word on each line: a line break in one would end it, and an empty word is in every line.
    let needles: BTreeSet<String> = needles().filter(|needle| !needle.contains('\n')).collect();
    std::fs::write(&log, text)?;
    std::fs::write(&words, needles.into_iter().collect::<Vec<_>>().join("\n"))?;
    let mut failed = None;
    let figures = timed(text.len(), || {
        let grep =
            Command::new("grep").args(["-c", "-F", "-f"]).args([&words, &log]).env("LC_ALL", "C").output();
        match grep {
            Ok(output) if output.status.success() => {}
            Ok(output) => failed = Some(anyhow::anyhow!("grep: {}", output.status)),
            Err(error) => failed = Some(error.into()),
        }
    });
    failed.map_or(Ok(figures), Err)
}

/// The first entries of the catalogue; beyond its end the same again for tools of other names.
fn made_up(count: usize) -> Vec<&'static Entry> {
    let own: Vec<&'static Entry> = entries().collect();
    let other = |number: usize| {
        let entry = own[number % own.len()];
        let tool = format!("tool{number}");
        let pattern = leaked(format!("^{tool} (?:{})", entry.pattern.trim_start_matches('^')));
        &*Box::leak(Box::new(Entry { id: leaked(tool), pattern, ..*entry }))
    };
    // The entry of the error is to be among the few, too.
    let typescript = own.iter().copied().filter(|entry| entry.id == "typescript.error");
    let rest = own.iter().copied().filter(|entry| entry.id != "typescript.error");
    typescript.chain(rest).chain((own.len()..).map(other)).take(count).collect()
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The most memory that the program holds until all of the log is in its pipe.
fn memory(what: &'static str, aim: &'static str, text: &str, bytes: usize) -> anyhow::Result<Row> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deploymend"))
        .args(["analyze", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let start = Instant::now();
    let mut pipe = child.stdin.take().context("no pipe")?;
    let mut left = bytes;
    while left > 0 {
        let part = &text.as_bytes()[..left.min(text.len())];
        pipe.write_all(part)?;
        left -= part.len();
    }
    let peak = peak(&child)?;
    drop(pipe);
    let output = child.wait_with_output()?;
    let seconds = start.elapsed().as_secs_f64();
    let found = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(found.contains("TS2322"), "the error is not found: {found}");
    let rate = Figure::new("rate", megabytes(bytes) / seconds, "MB/s");
    Ok(Row::new(what, aim, vec![Figure::new("peak", peak, "MiB"), rate]))
}

fn peak(child: &Child) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
