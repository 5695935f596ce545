//! The strip of figures above the list, each with a small chart of the last 14 days.

use super::time::duration;
use crate::model::{Day, Stats};
use leptos::prelude::*;

/// Failures and fixes per day, what is being done, the time to a pull request, and the fix rate.
#[component]
pub fn StatStrip(
    /// The figures.
    stats: Signal<Stats>,
) -> impl IntoView {
    let strip = move || {
        let stats = stats.get();
        let failed = stats.failed_24h;
        let rate = stats.fix_rate().map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
        let time = stats.seconds_to_pull_request.map_or_else(|| "–".to_owned(), duration);
        let pulls = stats.open_pull_requests;
        view! {
            {card("Failed in 24 h", if failed.count > 0 { "tone-red" } else { "" }, failed.to_string(), per_day(&stats.days))}
            {card("Being fixed", if stats.being_fixed > 0 { "tone-violet" } else { "" }, stats.being_fixed.to_string(), ().into_any())}
            {card("Pull requests open", if pulls > 0 { "tone-blue" } else { "" }, pulls.to_string(), ().into_any())}
            {card("Time to pull request", "", time.clone(), times(&stats.days, &time))}
            {card("Fixed in 14 days", "", rate.clone(), rates(&stats.days, &rate))}
        }
    };
    view! { <dl class="stats">{strip}</dl> }.into_any()
}

fn card(name: &'static str, tone: &'static str, figure: String, chart: AnyView) -> AnyView {
    view! {
        <div class=format!("stat {tone}")>
            <dt>{name}</dt>
            <dd>{figure} {chart}</dd>
        </div>
    }
    .into_any()
}

/// Units of a chart: 14 bars of 4 with 2 between them.
const WIDTH: f64 = 82.0;
const HEIGHT: f64 = 24.0;

/// A chart: its words, and paths by their classes.
fn chart(label: String, paths: Vec<(&'static str, String)>) -> AnyView {
    let drawn = paths.into_iter().map(|(class, d)| view! { <path class=class d=d></path> });
    view! {
        <svg class="sparkline" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
            {drawn.collect_view()}
        </svg>
    }
    .into_any()
}

/// Bars from one height to another, both from 0 to 1. Empty ones are left out.
fn bars(values: impl Iterator<Item = (f64, f64)>) -> String {
    let bar = |(index, (from, to)): (usize, (f64, f64))| {
        let (x, bottom, top) = (index * 6, HEIGHT * (1.0 - from), HEIGHT * (1.0 - to));
        (to > from).then(|| format!("M{x} {bottom:.1}h4V{top:.1}h-4z"))
    };
    values.enumerate().filter_map(bar).collect()
}

fn base() -> (&'static str, String) {
    ("base", bars((0..14).map(|_| (0.0, 1.0 / HEIGHT))))
}

/// What led to a pull request below, other failures on top of it.
fn per_day(days: &[Day]) -> AnyView {
    let most = f64::from(days.iter().map(|day| day.arrived).max().unwrap_or(0).max(1));
    let (arrived, fixed) = days.iter().fold((0, 0), |sum, day| (sum.0 + day.arrived, sum.1 + day.fixed));
    let share = |day: &Day| (f64::from(day.fixed) / most, f64::from(day.arrived) / most);
    chart(
        format!("{arrived} failures in the last 14 days, {fixed} of them fixed"),
        vec![
            base(),
            ("fixed", bars(days.iter().map(|day| (0.0, share(day).0)))),
            ("failed", bars(days.iter().map(share))),
        ],
    )
}

/// A line through the days that have a time.
fn times(days: &[Day], median: &str) -> AnyView {
    let most = days.iter().filter_map(|day| day.seconds_to_pull_request).fold(1.0, f64::max);
    let points: Vec<_> = days
        .iter()
        .enumerate()
        .filter_map(|(index, day)| {
            let seconds = day.seconds_to_pull_request?;
            Some((index * 6 + 2, HEIGHT - 2.0 - seconds / most * (HEIGHT - 4.0)))
        })
        .collect();
    let mut line = String::new();
    let mut dots = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        line.push_str(&format!("{}{x} {y:.1}", if index == 0 { "M" } else { "L" }));
        dots.push_str(&format!("M{x} {y:.1}h0"));
    }
    let label = format!("The median of each of the last 14 days; of all together {median}");
    chart(label, vec![base(), ("line", line), ("dot", dots)])
}

/// For each day on which fixes ended, the share that led to a pull request.
fn rates(days: &[Day], rate: &str) -> AnyView {
    let ended = days.iter().map(|day| day.fix_rate().map_or((0.0, 0.0), |_| (0.0, 1.0)));
    let fixed = days.iter().map(|day| (0.0, day.fix_rate().unwrap_or(0.0)));
    let label = format!("The share of ended fixes on each of the last 14 days; of all together {rate}");
    chart(label, vec![base(), ("whole", bars(ended)), ("fixed", bars(fixed))])
}
