//! Where a platform keeps what advice talks about: the words for it, its address and its documentation.

use url::Url;

/// What advice sends people to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Environment variables.
    Env,
    /// The build command.
    Build,
    /// The project's folder in the repository.
    Root,
    /// The folder with the built files.
    Output,
    /// The version of Node.js.
    Node,
    /// The linked repository.
    Git,
    /// Plan and billing.
    Usage,
    /// The team's members.
    Members,
    /// Building once more.
    Redeploy,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 9] = [
        Self::Env,
        Self::Build,
        Self::Root,
        Self::Output,
        Self::Node,
        Self::Git,
        Self::Usage,
        Self::Members,
        Self::Redeploy,
    ];

    /// What stands for its words in an entry's advice.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Env => "{env}",
            Self::Build => "{build}",
            Self::Root => "{root}",
            Self::Output => "{output}",
            Self::Node => "{node}",
            Self::Git => "{git}",
            Self::Usage => "{usage}",
            Self::Members => "{members}",
            Self::Redeploy => "{redeploy}",
        }
    }

    /// The words on its link.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Env => "Open the environment variables",
            Self::Build | Self::Output => "Open the build settings",
            Self::Root => "Open the root directory setting",
            Self::Node => "Open the Node.js version setting",
            Self::Git => "Open the Git settings",
            Self::Usage => "Open plan and billing",
            Self::Members => "Open the members",
            Self::Redeploy => "Open the deployment",
        }
    }
}

/// One place on one platform.
#[derive(Debug)]
pub struct Screen {
    /// The words after the sentence's verb.
    pub words: &'static str,
    /// The platform's documentation of that setting.
    pub docs: Option<&'static str>,
}

/// The places of a platform.
#[derive(Debug)]
pub struct Screens {
    /// The host of its dashboard. No link to a screen leads elsewhere.
    pub host: &'static str,
    /// The host of its documentation.
    pub docs_host: &'static str,
    /// The path of a place on [`Screens::host`], made from the path of a deployment's own page there, in segments.
    /// `None` for a page of another shape, and for a place without a stable address.
    pub path: fn(Place, &[&str]) -> Option<String>,
    /// Environment variables.
    pub env: Screen,
    /// The build command.
    pub build: Screen,
    /// The project's folder in the repository.
    pub root: Screen,
    /// The folder with the built files.
    pub output: Screen,
    /// The version of Node.js.
    pub node: Screen,
    /// The linked repository.
    pub git: Screen,
    /// Plan and billing.
    pub usage: Screen,
    /// The team's members.
    pub members: Screen,
    /// Building once more.
    pub redeploy: Screen,
}

impl Screens {
    /// That place.
    pub const fn at(&self, place: Place) -> &Screen {
        match place {
            Place::Env => &self.env,
            Place::Build => &self.build,
            Place::Root => &self.root,
            Place::Output => &self.output,
            Place::Node => &self.node,
            Place::Git => &self.git,
            Place::Usage => &self.usage,
            Place::Members => &self.members,
            Place::Redeploy => &self.redeploy,
        }
    }

    /// Whether that address is in the platform's own documentation.
    pub fn documents(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|address| address.host_str() == Some(self.docs_host))
    }

    /// The address of that place, for the project whose deployment has this page on the platform. Other sites' pages
    /// and unusual ones give none: the page is what an API answered.
    pub fn address(&self, place: Place, deployment_page: &str) -> Option<String> {
        let page = Url::parse(deployment_page).ok()?;
        let is_own = page.scheme() == "https" && page.host_str() == Some(self.host) && page.port().is_none();
        let segments: Vec<&str> = page.path_segments()?.filter(|segment| !segment.is_empty()).collect();
        if !is_own || !segments.iter().all(|segment| is_plain(segment)) {
            return None;
        }
        Some(format!("https://{}/{}", self.host, (self.path)(place, &segments)?))
    }
}

/// A name or an id, as platforms give them.
fn is_plain(segment: &str) -> bool {
    segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;
    use rstest::rstest;

    #[test]
    fn every_place_of_every_platform() {
        let pages = [
            (Provider::VERCEL, "https://vercel.com/acme/shop-web/7Xk2"),
            (Provider::CLOUDFLARE, "https://dash.cloudflare.com/0a1b/pages/view/shop/5f6a"),
            (
                Provider::CLOUDFLARE,
                "https://dash.cloudflare.com/0a1b/workers/services/view/api/production/builds/9c8d",
            ),
            (Provider::RENDER, "https://dashboard.render.com/web/srv-1/deploys/dep-1"),
        ];
        let mut told = String::new();
        for (provider, page) in pages {
            for place in Place::ALL {
                let address = provider.screens().address(place, page);
                told += &format!("{provider} {place:?}: {}\n", address.as_deref().unwrap_or("none"));
            }
        }
        insta::assert_snapshot!(told, @r"
        vercel Env: https://vercel.com/acme/shop-web/settings/environment-variables
        vercel Build: https://vercel.com/acme/shop-web/settings/build-and-deployment
        vercel Root: https://vercel.com/acme/shop-web/settings/build-and-deployment
        vercel Output: https://vercel.com/acme/shop-web/settings/build-and-deployment
        vercel Node: https://vercel.com/acme/shop-web/settings/build-and-deployment
        vercel Git: https://vercel.com/acme/shop-web/settings/git
        vercel Usage: https://vercel.com/acme/~/settings/billing
        vercel Members: https://vercel.com/acme/~/settings/members
        vercel Redeploy: https://vercel.com/acme/shop-web/7Xk2
        cloudflare Env: https://dash.cloudflare.com/0a1b/pages/view/shop/settings/production#variables
        cloudflare Build: https://dash.cloudflare.com/0a1b/pages/view/shop/settings
        cloudflare Root: https://dash.cloudflare.com/0a1b/pages/view/shop/settings
        cloudflare Output: https://dash.cloudflare.com/0a1b/pages/view/shop/settings
        cloudflare Node: https://dash.cloudflare.com/0a1b/pages/view/shop/settings/production#variables
        cloudflare Git: https://dash.cloudflare.com/0a1b/pages/view/shop/settings
        cloudflare Usage: https://dash.cloudflare.com/0a1b/billing
        cloudflare Members: https://dash.cloudflare.com/0a1b/members
        cloudflare Redeploy: https://dash.cloudflare.com/0a1b/pages/view/shop/5f6a
        cloudflare Env: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Build: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Root: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Output: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Node: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Git: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/settings
        cloudflare Usage: https://dash.cloudflare.com/0a1b/billing
        cloudflare Members: https://dash.cloudflare.com/0a1b/members
        cloudflare Redeploy: https://dash.cloudflare.com/0a1b/workers/services/view/api/production/builds/9c8d
        render Env: https://dashboard.render.com/web/srv-1/env
        render Build: https://dashboard.render.com/web/srv-1/settings
        render Root: https://dashboard.render.com/web/srv-1/settings
        render Output: https://dashboard.render.com/web/srv-1/settings
        render Node: https://dashboard.render.com/web/srv-1/env
        render Git: https://dashboard.render.com/web/srv-1/settings
        render Usage: https://dashboard.render.com/billing
        render Members: none
        render Redeploy: https://dashboard.render.com/web/srv-1
        ");
    }

    #[rstest]
    #[case("https://vercel.com.evil.example/acme/shop/1")]
    #[case("https://evil.example/vercel.com/acme/shop")]
    #[case("http://vercel.com/acme/shop/1")]
    #[case("https://vercel.com:8443/acme/shop/1")]
    #[case("https://vercel.com@evil.example/acme/shop/1")]
    #[case("javascript://vercel.com/acme/shop/1")]
    #[case("https://vercel.com/acme/%22onclick/1")]
    #[case("https://vercel.com/acme/shop")]
    #[case("https://vercel.com/")]
    #[case("mailto:a@vercel.com")]
    #[case("acme/shop/1")]
    fn only_the_platforms_own_page_gives_an_address(#[case] page: &str) {
        for place in Place::ALL {
            assert_eq!(Provider::VERCEL.screens().address(place, page), None);
        }
    }

    #[test]
    fn documentation_is_the_platforms_own() {
        for provider in Provider::all() {
            let screens = provider.screens();
            for docs in Place::ALL.iter().filter_map(|place| screens.at(*place).docs) {
                assert!(docs.starts_with("https://") && screens.documents(docs), "{docs}");
            }
        }
    }
}
