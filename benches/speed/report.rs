//! Figures → a table for people, and JSON for programs.

use crate::load::Measured;
use serde::Serialize;
use std::path::Path;

/// One thing that was measured.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    pub figures: Vec<Figure>,
    /// What we want it to be, in words; empty when nothing is promised.
    pub aim: &'static str,
}

/// A number with its unit.
#[derive(Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
}

impl Row {
    pub fn new(what: impl Into<String>, aim: &'static str, figures: Vec<Figure>) -> Self {
        let row = Self { what: what.into(), figures, aim };
        println!("{row}");
        row
    }

    pub fn load(what: impl Into<String>, aim: &'static str, measured: &Measured) -> Self {
        let figures = vec![
            Figure::new("rate", measured.per_second, "/s"),
            Figure::new("median", measured.median_ms, "ms"),
            Figure::new("p99", measured.p99_ms, "ms"),
        ];
        Self::new(what, aim, figures)
    }

    fn figures(&self) -> String {
        let figures: Vec<_> = self.figures.iter().map(ToString::to_string).collect();
        figures.join(", ")
    }
}

impl Figure {
    pub fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = match self.value {
            value if value < 10.0 => 2,
            value if value < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{} {:.digits$} {}", self.name, self.value, self.unit)
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<60}{}", self.what, self.figures())
    }
}

/// Prints all rows with their aims, and writes them to `file`.
pub fn finish(rows: &[Row], file: &Path) -> anyhow::Result<()> {
    let width = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
    let (what, figures) = (width(|row| row.what.len()), width(|row| row.figures().len()));
    println!("\n{:<what$}  {:<figures$}  aim", "what", "measured");
    for row in rows {
        println!("{:<what$}  {:<figures$}  {}", row.what, row.figures(), row.aim);
    }
    std::fs::write(file, serde_json::to_string_pretty(rows)?)?;
    println!("\nAlso in {}", file.display());
    Ok(())
}
