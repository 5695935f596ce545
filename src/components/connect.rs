//! The form that connects GitHub. A plain form: the token goes to the server and nowhere else.

use leptos::prelude::*;

/// GitHub's page for a new token, with its fields filled in.
const GITHUB_TOKEN_PAGE: &str = "https://github.com/settings/personal-access-tokens/new?name=Deploymend&description=Opens+pull+requests+that+repair+failed+deployments&expires_in=90&contents=write&pull_requests=write";

/// Connects GitHub.
#[component]
pub fn GithubForm() -> impl IntoView {
    view! {
        <form class="form" method="post" action="/integrations/github/connect">
            <div class="field">
                <label for="github-token">"GitHub token"</label>
                <input
                    class="mono"
                    id="github-token"
                    type="password"
                    name="token"
                    required
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby="github-token-hint"
                />
                <small id="github-token-hint">
                    "A "
                    <a href=GITHUB_TOKEN_PAGE rel="external noopener" target="_blank">
                        "fine-grained token"
                    </a> " with write access to Contents and Pull requests of the repositories to repair."
                </small>
            </div>
            <button class="button primary" type="submit">
                "Connect GitHub"
            </button>
        </form>
    }
}
