//! The strip of figures above the list.

use crate::model::{Day, Stats};
use leptos::prelude::*;

/// Four figures and a sparkline.
#[component]
pub fn StatStrip(
    /// The figures.
    stats: Signal<Stats>,
) -> impl IntoView {
    let rate = move || {
        stats.with(Stats::fix_rate).map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0))
    };
    view! {
        <dl class="stats">
            <div class="stat" class:tone-red=move || stats.with(|stats| stats.failed_24h > 0)>
                <dt>"Failed in 24 h"</dt>
                <dd>{move || stats.with(|stats| stats.failed_24h)}</dd>
            </div>
            <div class="stat" class:tone-violet=move || stats.with(|stats| stats.being_fixed > 0)>
                <dt>"Being fixed"</dt>
                <dd>{move || stats.with(|stats| stats.being_fixed)}</dd>
            </div>
            <div class="stat" class:tone-blue=move || stats.with(|stats| stats.open_pull_requests > 0)>
                <dt>"Pull requests open"</dt>
                <dd>{move || stats.with(|stats| stats.open_pull_requests)}</dd>
            </div>
            <div class="stat">
                <dt>"Fixed in 14 days"</dt>
                <dd>{rate} {move || stats.with(|stats| view! { <Sparkline days=stats.days.clone() /> })}</dd>
            </div>
        </dl>
    }
}

/// A bar per day: what led to a pull request below, what failed on top of it.
#[component]
fn Sparkline(
    /// Oldest first.
    days: Vec<Day>,
) -> impl IntoView {
    const HEIGHT: f64 = 24.0;
    let most = days.iter().map(|day| day.fixed + day.failed).max().unwrap_or(0).max(1);
    let (fixed, failed) =
        days.iter().fold((0, 0), |(fixed, failed), day| (fixed + day.fixed, failed + day.failed));
    let scale = move |count: u32| f64::from(count) / f64::from(most) * (HEIGHT - 1.0);
    let bars = days
        .iter()
        .enumerate()
        .map(|(index, day)| {
            let x = (index * 6).to_string();
            let (fixed, failed) = (scale(day.fixed), scale(day.failed));
            view! {
                <rect class="base" x=x.clone() y=(HEIGHT - 1.0).to_string() width="4" height="1"></rect>
                <rect class="fixed" x=x.clone() y=format!("{:.1}", HEIGHT - fixed) width="4" height=format!("{fixed:.1}")></rect>
                <rect class="failed" x=x y=format!("{:.1}", HEIGHT - fixed - failed) width="4" height=format!("{failed:.1}")></rect>
            }
        })
        .collect_view();
    view! {
        <svg class="sparkline" viewBox="0 0 82 24" role="img" aria-label=format!("{fixed} fixed and {failed} failed in the last 14 days")>
            {bars}
        </svg>
    }
}
