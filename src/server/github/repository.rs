//! Turns the text `owner/name` into a name that is safe inside an address.

use std::{fmt, str::FromStr};

/// A repository on GitHub. Both parts hold only characters that GitHub allows in them, so that they can be put
/// into a path without escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

impl RepositoryName {
    /// The user or organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository without its owner.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// The text is no `owner/name` of GitHub's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a repository name of the form owner/name")]
pub struct InvalidRepositoryName;

impl FromStr for RepositoryName {
    type Err = InvalidRepositoryName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (owner, name) = text.split_once('/').ok_or(InvalidRepositoryName)?;
        let owner_fits = !owner.is_empty()
            && owner.len() <= 100
            && !owner.starts_with('-')
            && owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let name_fits = !name.is_empty()
            && name.len() <= 100
            && name != "."
            && name != ".."
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if owner_fits && name_fits {
            Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
        } else {
            Err(InvalidRepositoryName)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_github_allows_and_nothing_else() {
        for good in ["acme/shop-web", "a/b", "Acme_1/x.y-z", "acme/.github"] {
            assert_eq!(good.parse::<RepositoryName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "acme", "/x", "acme/", "acme/..", "acme/a/b", "-x/y", "acme/x?y", "acme/x y", "../x"]
        {
            assert_eq!(bad.parse::<RepositoryName>(), Err(InvalidRepositoryName), "{bad}");
        }
    }
}
