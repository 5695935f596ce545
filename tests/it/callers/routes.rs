//! A router → its routes, as it describes itself for debugging: it has no other list of them.

use axum::Router;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// A method at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub path: String,
    pub method: String,
}

impl Route {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Asked for without changing anything.
    pub fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// Programs ask there.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// The address says which of the owner's things it is about.
    pub fn names_something_of_the_owner(&self) -> bool {
        ["{id}", "{rule}"].iter().any(|parameter| self.path.contains(parameter))
    }
}

/// Every route. Files, which are for everybody, are none.
pub fn list(router: &Router) -> anyhow::Result<BTreeSet<Route>> {
    let text = format!("{router:?}");
    // What comes after it are the routes of fallbacks.
    let text = text.split(", fallback_router: ").next().unwrap_or_default();
    let endpoint = Regex::new(
        r#"RouteId\((\d+)\): (?:MethodRouter\(MethodRouter \{.*?allow_header: Bytes\(b"([A-Z,]*)"\) \}\)|Route\()"#,
    )?;
    let path = Regex::new(r#"RouteId\((\d+)\): "([^"]*)""#)?;
    let methods: BTreeMap<&str, &str> = endpoint
        .captures_iter(text)
        .filter_map(|found| {
            Some((found.get(1)?.as_str(), found.get(2).map_or("", |methods| methods.as_str())))
        })
        .collect();
    let mut routes = BTreeSet::new();
    for found in path.captures_iter(text) {
        let (id, path) = (&found[1], &found[2]);
        let methods = methods.get(id).ok_or_else(|| anyhow::anyhow!("{path} has no endpoint"))?;
        let methods: Vec<&str> = methods.split(',').filter(|method| !method.is_empty()).collect();
        // A service for whatever is below the path.
        anyhow::ensure!(!methods.is_empty() || path.starts_with("/pkg"), "{path} has no methods");
        // Whatever may be read may be asked for without its body.
        for method in methods.into_iter().filter(|method| *method != "HEAD") {
            routes.insert(Route { path: path.to_owned(), method: method.to_owned() });
        }
    }
    Ok(routes)
}
