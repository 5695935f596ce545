//! The forms that connect a platform and GitHub. Plain forms: the token goes to the server and nowhere else.

use crate::model::Provider;
use leptos::prelude::*;

/// A field for a token. Nothing of it is kept by the browser.
#[component]
fn TokenField(
    /// Its id on the page.
    id: &'static str,
    /// What is asked for.
    label: &'static str,
    /// Where it is made, and how it looks.
    children: Children,
) -> impl IntoView {
    let hint = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                class="mono"
                id=id
                type="password"
                name="token"
                required
                autocomplete="off"
                spellcheck="false"
                aria-describedby=hint.clone()
            />
            <small id=hint>{children()}</small>
        </div>
    }
}

/// Connects a platform.
#[component]
pub fn PlatformForm(
    /// The platform.
    provider: Provider,
    /// The page on which a token is made.
    token_page: String,
) -> impl IntoView {
    let id = match provider {
        Provider::Vercel => "vercel-token",
        Provider::Cloudflare => "cloudflare-token",
        Provider::Render => "render-token",
    };
    let label = match provider {
        Provider::Vercel => "Vercel token",
        Provider::Cloudflare => "Cloudflare token",
        Provider::Render => "Render API key",
    };
    view! {
        <form class="form" method="post" action=format!("/integrations/{provider}/connect")>
            <TokenField id label>
                "Make one on "
                <a href=token_page rel="external noopener" target="_blank">
                    {format!("{}'s token page", provider.display_name())}
                </a> ". It is stored encrypted and used only to read deployments and logs, and to receive failures."
            </TokenField>
            <button class="button primary" type="submit">
                {format!("Connect {}", provider.display_name())}
            </button>
        </form>
    }
}

/// GitHub's page for a new token, with its fields filled in.
const GITHUB_TOKEN_PAGE: &str = "https://github.com/settings/personal-access-tokens/new?name=Deploymend&description=Opens+pull+requests+that+repair+failed+deployments&expires_in=90&contents=write&pull_requests=write";

/// Connects GitHub.
#[component]
pub fn GithubForm() -> impl IntoView {
    view! {
        <form class="form" method="post" action="/integrations/github/connect">
            <TokenField id="github-token" label="GitHub token">
                "A "
                <a href=GITHUB_TOKEN_PAGE rel="external noopener" target="_blank">
                    "fine-grained token"
                </a> " with write access to Contents and Pull requests of the repositories to repair."
            </TokenField>
            <button class="button primary" type="submit">
                "Connect GitHub"
            </button>
        </form>
    }
}
