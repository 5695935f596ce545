//! The platforms that Deploymend watches: handles that are written as the platform's name.

#[cfg(feature = "ssr")]
mod server;

use crate::platforms::{BUILT_IN, Guide, Profile};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// A deployment platform: whoever has the same name is the same.
#[derive(Clone, Copy)]
pub struct Provider(&'static Profile);

impl Provider {
    /// The platform of that profile.
    pub const fn of(profile: &'static Profile) -> Self {
        Self(profile)
    }

    /// Every platform, in the order in which pages list them.
    pub fn all() -> impl Iterator<Item = Self> {
        let built_in = BUILT_IN.iter().copied().map(Self);
        #[cfg(feature = "ssr")]
        let built_in = built_in.chain(server::added());
        built_in
    }

    /// The name in URLs, in the database and in job keys.
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The name that people read.
    pub const fn display_name(self) -> &'static str {
        self.0.display_name
    }

    /// What is read there, in a few words.
    pub const fn tagline(self) -> &'static str {
        self.0.tagline
    }

    /// Its mark: the `d` of a path on a grid of 16 units.
    pub const fn icon(self) -> &'static str {
        self.0.icon
    }

    /// How it is connected.
    pub const fn guide(self) -> &'static Guide {
        &self.0.guide
    }

    /// Where it keeps what advice talks about.
    #[cfg(feature = "ssr")]
    pub const fn screens(self) -> &'static crate::platforms::Screens {
        &self.0.screens
    }

    fn place(self) -> usize {
        Self::all().position(|other| other == self).unwrap_or(usize::MAX)
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Provider {}

impl Hash for Provider {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// As pages list them.
impl Ord for Provider {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place()).then_with(|| self.as_str().cmp(other.as_str()))
    }
}

impl PartialOrd for Provider {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no platform that Deploymend knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownProvider;

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown platform")
    }
}

impl std::error::Error for UnknownProvider {}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all().find(|provider| provider.as_str() == text).ok_or(UnknownProvider)
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
