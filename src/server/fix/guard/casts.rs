//! Casts that tell the type checker to look away.

use super::{Input, Objections, added, kinds};
use regex::Regex;
use std::sync::LazyLock;

/// `x as any`, `x as never`, `x as unknown as T`, `<any>x`; not the words "as any other" in a text.
static CAST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\bas\s+(?:any|never)(?:\s*[);,\[\]}>.:|&?!=]|\s*$|\s+as\b)|\bas\s+unknown\s+as\b|(?:^|[^\w>])<any>\s*[\w(\[{]").ok()
});

pub(super) fn casts(input: &Input<'_>) -> Objections {
    let Some(cast) = CAST.as_ref() else { return Vec::new() };
    let typed = input.files.iter().filter(|file| kinds::is_typed(file.path));
    typed
        .flat_map(|file| added::objections(file, cast, None, "a cast that bypasses the type checker"))
        .collect()
}
