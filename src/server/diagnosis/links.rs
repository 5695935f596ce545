//! Where to go from a finding: the platform's screens that its advice names, then the documentation.

use super::{
    Hints,
    advice::{screens, template},
    classify::Root,
};
use crate::{
    model::{Link, LinkKind, Provider},
    platforms::Place,
};
use url::Url;

/// Whose documentation is on a host.
const TOOLS: &[(&str, &str)] = &[
    ("12factor.net", "The Twelve-Factor App"),
    ("angular.dev", "Angular"),
    ("biomejs.dev", "Biome"),
    ("bun.com", "Bun"),
    ("bundler.io", "Bundler"),
    ("developers.cloudflare.com", "Cloudflare"),
    ("doc.rust-lang.org", "Rust"),
    ("docs.astral.sh", "uv"),
    ("docs.astro.build", "Astro"),
    ("docs.djangoproject.com", "Django"),
    ("docs.docker.com", "Docker"),
    ("docs.github.com", "GitHub"),
    ("docs.gradle.org", "Gradle"),
    ("docs.gunicorn.org", "Gunicorn"),
    ("docs.netlify.com", "Netlify"),
    ("docs.npmjs.com", "npm"),
    ("docs.pydantic.dev", "Pydantic"),
    ("docs.python.org", "Python"),
    ("docs.sentry.io", "Sentry"),
    ("docusaurus.io", "Docusaurus"),
    ("env.t3.gg", "T3 Env"),
    ("esbuild.github.io", "esbuild"),
    ("eslint.org", "ESLint"),
    ("getcomposer.org", "Composer"),
    ("git-scm.com", "Git"),
    ("github.com", "node-gyp"),
    ("go.dev", "Go"),
    ("gohugo.io", "Hugo"),
    ("guides.rubyonrails.org", "Ruby on Rails"),
    ("hexdocs.pm", "Elixir"),
    ("jekyllrb.com", "Jekyll"),
    ("learn.microsoft.com", "NuGet"),
    ("man7.org", "Linux"),
    ("manpages.debian.org", "Debian"),
    ("nextjs.org", "Next.js"),
    ("nixpacks.com", "Nixpacks"),
    ("nodejs.org", "Node.js"),
    ("nuxt.com", "Nuxt"),
    ("orm.drizzle.team", "Drizzle"),
    ("pip.pypa.io", "pip"),
    ("pnpm.io", "pnpm"),
    ("prettier.io", "Prettier"),
    ("python-poetry.org", "Poetry"),
    ("render.com", "Render"),
    ("rollupjs.org", "Rollup"),
    ("supabase.com", "Supabase"),
    ("svelte.dev", "Svelte"),
    ("tailwindcss.com", "Tailwind CSS"),
    ("vercel.com", "Vercel"),
    ("vite.dev", "Vite"),
    ("webpack.js.org", "webpack"),
    ("www.11ty.dev", "Eleventy"),
    ("www.gatsbyjs.com", "Gatsby"),
    ("www.gnu.org", "Bash"),
    ("www.prisma.io", "Prisma"),
    ("www.typescriptlang.org", "TypeScript"),
    ("yarnpkg.com", "Yarn"),
];

/// The links, in the order in which they are shown, each address once.
pub(super) fn links(root: &Root<'_>, hints: &Hints) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let of_places =
        named(template(root).unwrap_or_default()).into_iter().filter_map(|place| screen(place, hints));
    let of_entry = root.entry().docs.filter(|docs| concerns(docs, hints)).map(docs);
    for link in of_places.chain(of_entry) {
        if !links.iter().any(|known| known.url == link.url) {
            links.push(link);
        }
    }
    links.sort_by_key(|link| link.kind == LinkKind::Docs);
    links
}

/// The places in the order in which the advice names them.
fn named(advice: &str) -> Vec<Place> {
    let mut found: Vec<(usize, Place)> =
        Place::ALL.into_iter().filter_map(|place| Some((advice.find(place.placeholder())?, place))).collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, place)| place).collect()
}

/// The screen itself where the project is known, else what the platform says about it.
fn screen(place: Place, hints: &Hints) -> Option<Link> {
    let screens = screens(hints);
    let address = hints.inspector_url.as_deref().and_then(|page| screens.address(place, page));
    match address {
        Some(url) => Some(Link { kind: LinkKind::Screen, label: place.label().to_owned(), url }),
        None => screens.at(place).docs.map(docs),
    }
}

/// One platform's documentation is no help on another.
fn concerns(docs: &str, hints: &Hints) -> bool {
    let of_other =
        |other: Provider| hints.provider.is_some_and(|own| own != other) && other.screens().documents(docs);
    !Provider::all().any(of_other)
}

fn docs(address: &str) -> Link {
    Link { kind: LinkKind::Docs, label: label(address), url: address.to_owned() }
}

/// The tool and the page's own name: `Next.js: prerender-error`.
fn label(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let host = url.host_str().unwrap_or_default();
    let tool = TOOLS.iter().find(|(known, _)| *known == host).map_or(host, |(_, tool)| *tool);
    let last = url.path_segments().into_iter().flatten().rfind(|segment| !segment.is_empty());
    let page = url.fragment().or(last).unwrap_or_default();
    let page = page.trim_end_matches(".html");
    if page.is_empty() { tool.to_owned() } else { format!("{tool}: {page}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::diagnosis::{catalogue, diagnose};
    use rstest::rstest;

    const MISSING: &str = "Error: Missing required environment variable: STRIPE_SECRET_KEY";
    const VERCEL: &str = "https://vercel.com/acme/shop-web/7Xk2";

    fn found(line: &str, provider: Option<Provider>, page: Option<&str>) -> crate::model::Finding {
        let hints = Hints { provider, inspector_url: page.map(str::to_owned), ..Hints::default() };
        diagnose(&[line], &hints)
    }

    fn shown(line: &str, provider: Option<Provider>, page: Option<&str>) -> Vec<String> {
        let links = found(line, provider, page).links;
        links.iter().map(|link| format!("{:?} {} {}", link.kind, link.label, link.url)).collect()
    }

    #[rstest]
    #[case(Provider::VERCEL, VERCEL, "https://vercel.com/acme/shop-web/settings/environment-variables")]
    #[case(
        Provider::CLOUDFLARE,
        "https://dash.cloudflare.com/0a1b/pages/view/shop/5f6a",
        "https://dash.cloudflare.com/0a1b/pages/view/shop/settings/production#variables"
    )]
    #[case(
        Provider::RENDER,
        "https://dashboard.render.com/web/srv-1/deploys/dep-1",
        "https://dashboard.render.com/web/srv-1/env"
    )]
    fn a_missing_variable_has_its_screen_first(
        #[case] provider: Provider,
        #[case] page: &str,
        #[case] screen: &str,
    ) {
        assert_eq!(
            shown(MISSING, Some(provider), Some(page)),
            [
                format!("Screen Open the environment variables {screen}"),
                "Docs The Twelve-Factor App: config https://12factor.net/config".to_owned(),
            ]
        );
    }

    #[rstest]
    #[case(None)]
    #[case(Some("https://vercel.example/acme/shop-web/7Xk2"))]
    #[case(Some("https://dashboard.render.com/web/srv-1/deploys/dep-1"))]
    #[case(Some("javascript:alert(1)"))]
    fn without_the_projects_page_the_platforms_documentation_stands_in(#[case] page: Option<&str>) {
        assert_eq!(
            shown(MISSING, Some(Provider::VERCEL), page),
            [
                "Docs Vercel: environment-variables https://vercel.com/docs/environment-variables",
                "Docs The Twelve-Factor App: config https://12factor.net/config",
            ]
        );
    }

    #[test]
    fn without_a_platform_there_is_the_tools_documentation() {
        let expected = ["Docs The Twelve-Factor App: config https://12factor.net/config"];
        assert_eq!(shown(MISSING, None, Some(VERCEL)), expected);
    }

    #[test]
    fn code_has_documentation_and_no_screen() {
        let line = "⨯ useSearchParams() should be wrapped in a suspense boundary at page \"/login\".";
        let address = "https://nextjs.org/docs/messages/missing-suspense-with-csr-bailout";
        let expected = format!("Docs Next.js: missing-suspense-with-csr-bailout {address}");
        assert_eq!(shown(line, Some(Provider::VERCEL), Some(VERCEL)), [expected]);
    }

    #[test]
    fn one_platforms_documentation_is_not_shown_on_another() {
        let line = "Error: Build exceeded maximum duration of 45 minutes.";
        let about_vercel = |provider| {
            found(line, provider, None)
                .links
                .iter()
                .any(|link| link.url.starts_with("https://vercel.com/kb/"))
        };
        assert!(about_vercel(Some(Provider::VERCEL)) && about_vercel(None));
        assert!(!about_vercel(Some(Provider::RENDER)));
    }

    #[rstest]
    #[case("npm error code ECONNRESET", true)]
    #[case("Error: Build exceeded maximum duration of 45 minutes.", true)]
    #[case("fatal: Remote branch feature/x not found in upstream origin", false)]
    #[case(MISSING, false)]
    #[case("src/a.ts(1,1): error TS2322: bad", false)]
    fn building_again_is_offered_where_it_is_the_advice(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(found(line, Some(Provider::VERCEL), None).build_again, expected);
    }

    #[test]
    fn every_documentation_has_a_name() {
        for entry in catalogue::entries() {
            let Some(address) = entry.docs else { continue };
            let host = address.split('/').nth(2).unwrap_or_default();
            assert!(!label(address).starts_with(host), "{address} is nobody's");
        }
    }
}
