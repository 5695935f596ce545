//! The browser module as `scripts/build-site.sh` left it → its sizes.

use crate::report::{Figure, Row};
use anyhow::Context as _;
use std::path::Path;

pub fn measure() -> anyhow::Result<Row> {
    let pkg = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site/pkg");
    // The module and its loader: what a browser has to have before a page reacts.
    let size = |suffix: &str| -> anyhow::Result<f64> {
        ["deploymend_bg.wasm", "deploymend.js"].iter().try_fold(0.0, |sum, name| {
            let file = pkg.join(format!("{name}{suffix}"));
            let bytes = std::fs::metadata(&file)
                .with_context(|| format!("{} is missing: run scripts/build-site.sh", file.display()))?
                .len();
            Ok(sum + bytes as f64 / 1024.0)
        })
    };
    let figures = vec![
        Figure::new("raw", size("")?, "KiB"),
        Figure::new("gzip", size(".gz")?, "KiB"),
        Figure::new("brotli", size(".br")?, "KiB"),
    ];
    Ok(Row::new("browser module with its loader", "under 350 KiB brotli", figures))
}
