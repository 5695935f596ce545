//! The parts into which the browser's module is cut: a page's answer names those that it needs, so that the browser
//! fetches them at once and not only when the module asks for them.
//!
//! Leptos has the same and reads its list from a thread's own context after a pause, when the page may have moved to
//! another thread. A header of the answer is there from the beginning.

use axum::http::{HeaderValue, header::LINK};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use std::{collections::HashMap, fmt::Write as _, io, path::Path, sync::Arc};

/// The header `Link` for each function at which the module was cut.
#[derive(Clone, Debug, Default)]
pub struct Parts(Arc<HashMap<String, HeaderValue>>);

impl Parts {
    /// Reads what `scripts/build-site.sh` wrote. Without it pages work all the same, a little later.
    pub fn load(site_dir: &Path) -> Self {
        let file = site_dir.join("pkg/parts.json");
        match std::fs::read(&file).and_then(|json| read(&json)) {
            Ok(parts) => parts,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "The parts of the browser's module are not known");
                Self::default()
            }
        }
    }

    /// Makes them known to the page that is rendered.
    pub fn provide(self) {
        provide_context(self);
    }

    /// Names the parts behind that function in the answer that is being made.
    pub fn announce(function: &str) {
        let (parts, response) = (use_context::<Self>(), use_context::<ResponseOptions>());
        if let (Some(parts), Some(response)) = (parts, response)
            && let Some(link) = parts.0.get(function)
        {
            response.insert_header(LINK, link.clone());
        }
    }
}

/// `{"function": ["file", …]}`, without the ending of the files.
fn read(json: &[u8]) -> io::Result<Parts> {
    let files: HashMap<String, Vec<String>> = serde_json::from_slice(json)?;
    let header = |(function, files): (String, Vec<String>)| {
        let mut links = String::new();
        for file in files {
            let separator = if links.is_empty() { "" } else { ", " };
            let _ = write!(
                links,
                "{separator}</pkg/{file}.wasm>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin"
            );
        }
        let link = HeaderValue::try_from(links)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok((function, link))
    };
    Ok(Parts(Arc::new(files.into_iter().map(header).collect::<io::Result<_>>()?)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_one_header() {
        let parts = read(br#"{"settings": ["chunk_1", "split_settings_2"], "none": []}"#).unwrap();
        assert_eq!(
            parts.0["settings"],
            "</pkg/chunk_1.wasm>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin, \
             </pkg/split_settings_2.wasm>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin"
        );
        assert_eq!(parts.0["none"], "");
    }

    #[test]
    fn what_is_no_list_of_parts_is_refused_and_a_missing_one_is_empty() {
        for broken in ["", "[]", r#"{"a": 1}"#, "{\"a\": [\"line\\nbreak\"]}"] {
            assert!(read(broken.as_bytes()).is_err(), "{broken}");
        }
        assert!(Parts::load(Path::new("/nowhere")).0.is_empty());
    }
}
