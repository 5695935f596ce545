//! Our ids of Cloudflare's projects: `pages:{uuid}` and `worker:{tag}`, so that one list holds both products.

use crate::server::integrations::{PlatformError, ProjectRef};

const PAGES: &str = "pages:";
const WORKER: &str = "worker:";

/// A project by its product, with what calls about it need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product<'a> {
    /// A Pages project. Calls about it want its name.
    Pages {
        /// Its name.
        name: &'a str,
    },
    /// A Worker. Calls about it want its tag.
    Worker {
        /// Its tag, which stays when it is renamed.
        tag: &'a str,
    },
}

impl<'a> Product<'a> {
    /// The project that a reference names.
    ///
    /// # Errors
    /// No id of ours: there is no such project.
    pub fn of(project: &'a ProjectRef) -> Result<Self, PlatformError> {
        if pages_uuid(&project.id).is_some() {
            return Ok(Self::Pages { name: &project.name });
        }
        let tag = worker_tag(&project.id).ok_or(PlatformError::NotFound)?;
        Ok(Self::Worker { tag })
    }
}

/// Our id of a Pages project.
pub fn pages(uuid: &str) -> String {
    format!("{PAGES}{uuid}")
}

/// Our id of a Worker.
pub fn worker(tag: &str) -> String {
    format!("{WORKER}{tag}")
}

/// Cloudflare's id of a Pages project, out of ours.
pub fn pages_uuid(id: &str) -> Option<&str> {
    id.strip_prefix(PAGES)
}

/// A Worker's tag, out of our id.
pub fn worker_tag(id: &str) -> Option<&str> {
    id.strip_prefix(WORKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_product() {
        let project = |id: String| ProjectRef { id, name: "shop".to_owned() };
        let (site, api, other) = (project(pages("1-2")), project(worker("ab")), project("prj_1".to_owned()));
        assert_eq!(Product::of(&site), Ok(Product::Pages { name: "shop" }));
        assert_eq!(Product::of(&api), Ok(Product::Worker { tag: "ab" }));
        assert_eq!(Product::of(&other), Err(PlatformError::NotFound));
    }
}
