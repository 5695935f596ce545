//! Calls to Cloudflare's REST API: the envelope of its answers, its paged lists, and what both products share.

use super::{budget, convert, token, wire};
use crate::{
    model::Timestamp,
    server::{
        clock::Clock,
        integrations::{Access, PlatformError, Project, ProviderUser, Team, http::Api},
    },
};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use url::Url;

/// More pages than any account has; ends a listing that never does.
const MAX_PAGES: usize = 200;
const ACCOUNTS_PER_PAGE: usize = 50;

/// The codes that speak of the token, with whatever status they come.
const TOKEN_CODES: [&str; 6] = ["6003", "9106", "9109", "10000", "12005", "12006"];

/// Cloudflare's REST API.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    pub(super) api: Api,
}

impl Cloudflare {
    /// Cloudflare at `base`.
    pub fn new(client: reqwest::Client, base: Url, clock: Clock) -> Self {
        Self { api: Api::new(client, base, clock, budget::read) }
    }

    /// A request about something of the access's account.
    ///
    /// # Errors
    /// The access names no account: outside of accounts there is nothing.
    pub(super) fn request(
        &self,
        method: Method,
        access: &Access,
        segments: &[&str],
    ) -> Result<RequestBuilder, PlatformError> {
        let account = account(access)?;
        let segments: Vec<&str> = ["accounts", account].into_iter().chain(segments.iter().copied()).collect();
        Ok(self.api.request(method, &segments, &access.token))
    }

    /// What an answer holds in its envelope.
    pub(super) async fn result<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, PlatformError> {
        let answer: wire::Envelope<T> = self.api.json(request).await.map_err(about_the_token)?;
        answer.result.filter(|_| answer.success != Some(false)).ok_or(PlatformError::Malformed)
    }

    /// Sends what has no answer worth reading.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<(), PlatformError> {
        self.response(request).await.map(drop)
    }

    /// An answer whose body is read as it arrives.
    pub(super) async fn response(&self, request: RequestBuilder) -> Result<Response, PlatformError> {
        self.api.send(request).await.map_err(about_the_token)
    }

    /// All of a list, in pages of `per_page`, or without asking for pages.
    pub(super) async fn all<T: DeserializeOwned + wire::Keyed>(
        &self,
        request: &RequestBuilder,
        per_page: Option<usize>,
    ) -> Result<Vec<T>, PlatformError> {
        let mut elements = Vec::new();
        self.each_page(request, per_page, |page| {
            elements.extend(page);
            true
        })
        .await?;
        Ok(elements)
    }

    /// Hands the elements of a list to `take`, each once, page by page until that wants no more.
    pub(super) async fn each_page<T: DeserializeOwned + wire::Keyed>(
        &self,
        request: &RequestBuilder,
        per_page: Option<usize>,
        mut take: impl FnMut(Vec<T>) -> bool,
    ) -> Result<(), PlatformError> {
        let (mut seen, mut counted) = (HashSet::new(), 0);
        for page in 1..=MAX_PAGES {
            let mut request = request.try_clone().ok_or(PlatformError::Malformed)?;
            if let Some(per_page) = per_page {
                request = request.query(&[("per_page", per_page)]);
            }
            if per_page.is_some() || page > 1 {
                request = request.query(&[("page", page)]);
            }
            let answer: wire::Page<T> = self.api.json(request).await.map_err(about_the_token)?;
            let (mut items, count) = match (answer.result, answer.success) {
                (_, Some(false)) | (None, None) => return Err(PlatformError::Malformed),
                (Some(elements), _) => (elements.items, elements.count),
                // Some lists are `null` when they are empty.
                (None, Some(true)) => (Vec::new(), 0),
            };
            counted += count;
            // What is made meanwhile moves other things onto the next page. A page of nothing new is a circle.
            items.retain(|item| seen.insert(item.key().to_owned()));
            let last = is_last(page, count, counted, per_page, answer.result_info.unwrap_or_default());
            if items.is_empty() && count > 0 && page > 1 {
                tracing::warn!(page, "a Cloudflare list brings nothing new, it is taken as ended");
                break;
            }
            if !take(items) || last {
                break;
            }
        }
        Ok(())
    }

    /// The owner of a token that works.
    pub(super) async fn user(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        let verified = self.verified(token).await?;
        if verified.status.as_deref() != Some("active") {
            return Err(PlatformError::TokenRefused);
        }
        match self.result(self.api.request(Method::GET, &["user"], token)).await {
            Ok(user) => Ok(token::user(user)),
            // The permission to read the user is wanted, not needed.
            Err(PlatformError::TokenRefused) => Ok(token::nameless(&verified)),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn expiry(&self, token: &SecretString) -> Result<Option<Timestamp>, PlatformError> {
        Ok(convert::time(self.verified(token).await?.expires_on.as_deref()))
    }

    async fn verified(&self, token: &SecretString) -> Result<wire::Verified, PlatformError> {
        self.result(self.api.request(Method::GET, &["user", "tokens", "verify"], token)).await
    }

    pub(super) async fn list_teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        let request = self.api.request(Method::GET, &["accounts"], &access.token);
        let accounts = self.all(&request, Some(ACCOUNTS_PER_PAGE)).await?;
        Ok(accounts.into_iter().map(token::team).collect())
    }

    /// The projects of both products. A token that may see one of them is enough.
    pub(super) async fn list_projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let Ok(account) = account(access) else { return Ok(Vec::new()) };
        let (pages, workers) = futures::join!(self.pages_projects(access), self.workers(access));
        let pages = pages
            .map(|pages| pages.into_iter().map(|project| convert::pages_project(project, account)).collect());
        match (pages, workers) {
            (Err(PlatformError::TokenRefused), workers) => workers,
            (pages, Err(PlatformError::TokenRefused)) => pages,
            (pages, workers) => {
                let mut projects: Vec<Project> = pages?;
                projects.extend(workers?);
                Ok(projects)
            }
        }
    }
}

/// The account that is acted on.
pub(super) fn account(access: &Access) -> Result<&str, PlatformError> {
    access.team_id.as_deref().ok_or(PlatformError::NotFound)
}

/// Some refusals of a token have the status of a bad request.
fn about_the_token(error: PlatformError) -> PlatformError {
    match error {
        PlatformError::Rejected { code, .. } if TOKEN_CODES.contains(&code.as_str()) => {
            PlatformError::TokenRefused
        }
        error => error,
    }
}

/// Whether nothing follows. The totals may be missing, and a page may be shorter than was asked for.
fn is_last(
    page: usize,
    count: usize,
    counted: usize,
    per_page: Option<usize>,
    info: wire::ResultInfo,
) -> bool {
    match (info.total_pages, info.total_count, per_page) {
        _ if count == 0 => true,
        (Some(pages), ..) => page >= pages,
        (None, Some(total), _) => counted >= total,
        (None, None, Some(asked)) => {
            count < info.per_page.filter(|given| *given > 0).unwrap_or(asked).min(asked)
        }
        (None, None, None) => true,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub(super) mod tests {
    use super::*;
    use crate::server::integrations::http;
    use axum::{Json, Router};
    use rstest::rstest;
    use serde_json::{Value, json};

    /// A Cloudflare that answers everything with `body`.
    pub async fn answering(body: Value) -> Cloudflare {
        let app = Router::new().fallback(async move || Json(body.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Cloudflare::new(http::client().unwrap(), url, Clock::System)
    }

    async fn accounts(body: Value) -> Result<Vec<String>, PlatformError> {
        let access = Access { token: "t".into(), team_id: None };
        let teams = answering(body).await.list_teams(&access).await?;
        Ok(teams.into_iter().map(|team| team.id).collect())
    }

    #[tokio::test]
    async fn a_list_that_goes_in_circles_ends() {
        let page: Vec<Value> = (0..ACCOUNTS_PER_PAGE).map(|n| json!({"id": n.to_string()})).collect();
        let found = accounts(json!({"success": true, "result": page})).await.unwrap();
        assert_eq!(found.len(), ACCOUNTS_PER_PAGE);
    }

    #[rstest]
    #[case::none(json!({"success": true, "result": null}), Ok(vec![]))]
    #[case::some(json!({"success": true, "result": [{"id": "a"}, 7]}), Ok(vec!["a".to_owned()]))]
    #[case::refused(json!({"success": false, "result": []}), Err(PlatformError::Malformed))]
    #[case::no_list(json!({"success": true, "result": {}}), Err(PlatformError::Malformed))]
    #[case::no_envelope(json!({}), Err(PlatformError::Malformed))]
    #[tokio::test]
    async fn an_answer_that_says_nothing_is_not_an_empty_list(
        #[case] body: Value,
        #[case] expected: Result<Vec<String>, PlatformError>,
    ) {
        assert_eq!(accounts(body).await, expected);
    }

    const fn info(
        per_page: Option<usize>,
        total_count: Option<usize>,
        total_pages: Option<usize>,
    ) -> wire::ResultInfo {
        wire::ResultInfo { per_page, total_count, total_pages }
    }

    #[rstest]
    #[case::empty(1, 0, 0, Some(10), info(None, Some(5), Some(5)), true)]
    #[case::by_pages(1, 5, 5, Some(10), info(Some(5), Some(7), Some(2)), false)]
    #[case::by_pages_last(2, 2, 7, Some(10), info(Some(5), Some(7), Some(2)), true)]
    #[case::by_total(1, 10, 10, Some(10), info(None, Some(12), None), false)]
    #[case::by_total_last(2, 2, 12, Some(10), info(None, Some(12), None), true)]
    #[case::full(1, 10, 10, Some(10), info(None, None, None), false)]
    #[case::short(1, 9, 9, Some(10), info(None, None, None), true)]
    #[case::full_by_its_own_measure(1, 5, 5, Some(10), info(Some(5), None, None), false)]
    #[case::no_pages(1, 500, 500, None, info(None, None, None), true)]
    #[case::pages_that_nobody_asked_for(1, 50, 50, None, info(Some(50), Some(70), Some(2)), false)]
    fn lists_end(
        #[case] page: usize,
        #[case] count: usize,
        #[case] counted: usize,
        #[case] per_page: Option<usize>,
        #[case] info: wire::ResultInfo,
        #[case] expected: bool,
    ) {
        assert_eq!(is_last(page, count, counted, per_page, info), expected);
    }

    #[rstest]
    #[case("6003", PlatformError::TokenRefused)]
    #[case("12005", PlatformError::TokenRefused)]
    #[case("8000024", PlatformError::Rejected { status: 400, code: "8000024".into(), message: String::new() })]
    fn some_bad_requests_are_refused_tokens(#[case] code: &str, #[case] expected: PlatformError) {
        let error = PlatformError::Rejected { status: 400, code: code.into(), message: String::new() };
        assert_eq!(about_the_token(error), expected);
    }
}
