//! The browser's files as `scripts/build-site.sh` left them → their sizes.

use crate::report::{Figure, Row};
use anyhow::Context as _;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The module with its loaders: what a browser has to have before any page reacts. Then the same with the parts of the
/// page that needs most of them.
pub fn measure() -> anyhow::Result<Vec<Row>> {
    let pkg = Package(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site/pkg"));
    let shared = ["deploymend_bg.wasm", "deploymend.js", LOADER].map(str::to_owned);
    let parts = std::fs::read(pkg.0.join("parts.json"))?;
    let pages: HashMap<String, Vec<String>> = serde_json::from_slice(&parts)?;
    let mut heaviest = (0.0, Vec::new());
    for parts in pages.into_values() {
        let files: Vec<String> =
            parts.into_iter().map(|part| format!("{part}.wasm")).chain(shared.clone()).collect();
        let size = pkg.size(&files, ".br")?;
        if size > heaviest.0 {
            heaviest = (size, files);
        }
    }
    Ok(vec![
        Row::new("browser module with its loaders", "under 350 KiB brotli", pkg.figures(&shared)?),
        Row::new("with the parts of the heaviest page", "under 400 KiB brotli", pkg.figures(&heaviest.1)?),
    ])
}

const LOADER: &str = "__wasm_split.js";

struct Package(PathBuf);

impl Package {
    fn figures(&self, files: &[String]) -> anyhow::Result<Vec<Figure>> {
        [("raw", ""), ("gzip", ".gz"), ("brotli", ".br")]
            .into_iter()
            .map(|(name, suffix)| Ok(Figure::new(name, self.size(files, suffix)?, "KiB")))
            .collect()
    }

    fn size(&self, files: &[String], suffix: &str) -> anyhow::Result<f64> {
        files.iter().try_fold(0.0, |sum, name| {
            let file = self.0.join(format!("{name}{suffix}"));
            let bytes = std::fs::metadata(&file)
                .with_context(|| format!("{} is missing: run scripts/build-site.sh", file.display()))?
                .len();
            Ok(sum + bytes as f64 / 1024.0)
        })
    }
}
