//! Rows of several sources → one page. A source that is not read to its end says how far down it is known; nothing
//! below the highest such place may be shown yet, since another source may have a row above it.

use crate::model::{Cursor, DeploymentRow};
use std::cmp::Reverse;

/// Rows on a page.
pub const PAGE: usize = 50;

/// What is known of one source.
#[derive(Debug, Default)]
pub struct Slice {
    /// Its rows.
    pub rows: Vec<DeploymentRow>,
    /// All its rows down to here are known. `None`: all there are.
    pub known_to: Option<Cursor>,
}

/// The newest rows, and where the next page begins.
pub fn merge(slices: Vec<Slice>) -> (Vec<DeploymentRow>, Option<Cursor>) {
    let horizon = slices.iter().filter_map(|slice| slice.known_to.clone()).max();
    let mut rows: Vec<(Cursor, DeploymentRow)> = slices
        .into_iter()
        .flat_map(|slice| slice.rows)
        .filter_map(|row| Some((row.cursor()?, row)))
        .filter(|(place, _)| horizon.as_ref().is_none_or(|horizon| place >= horizon))
        .collect();
    rows.sort_by_cached_key(|(place, _)| Reverse(place.clone()));
    let next = match rows.get(PAGE - 1) {
        Some((last, _)) if rows.len() > PAGE => Some(last.clone()),
        _ => horizon,
    };
    rows.truncate(PAGE);
    (rows.into_iter().map(|(_, row)| row).collect(), next)
}
