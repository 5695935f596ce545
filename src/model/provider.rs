//! The platforms that Deploymend watches.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A deployment platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// <https://vercel.com>
    Vercel,
    /// Cloudflare Pages and Workers Builds.
    Cloudflare,
    /// <https://render.com>
    Render,
}

impl Provider {
    /// Every platform, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Vercel, Self::Cloudflare, Self::Render];

    /// The name in URLs, in the database and in job keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vercel => "vercel",
            Self::Cloudflare => "cloudflare",
            Self::Render => "render",
        }
    }

    /// The name that people read.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::Vercel => "Vercel",
            Self::Cloudflare => "Cloudflare",
            Self::Render => "Render",
        }
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
        Self::ALL.into_iter().find(|provider| provider.as_str() == text).ok_or(UnknownProvider)
    }
}
