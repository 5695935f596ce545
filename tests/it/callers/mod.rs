//! Every route by every kind of caller: who gets in, and what everybody else is told.
//!
//! The routes are read from the router itself, so that one without a row here fails the test. What holds for all of them
//! is asserted; what each answers is the snapshot, to be read by whoever changes it.

mod requests;
mod routes;
mod site;

use requests::Caller;
use routes::Route;
use site::Template;
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Whoever asks: signed in or not, nothing there is anybody's.
const PUBLIC: [&str; 16] = [
    "GET /",
    "GET /api",
    "GET /api/auth/github",
    "GET /api/auth/github/callback",
    "GET /api/openapi.json",
    "GET /health",
    "GET /invitation",
    "GET /ready",
    "GET /setup",
    "GET /sign-in",
    "POST /api/pages/invitation",
    "POST /api/pages/visitor",
    "POST /auth/accept",
    "POST /auth/setup",
    "POST /auth/sign-in",
    "POST /auth/sign-out",
];
/// The signature, or the token of an attempt, decides, whoever sends it.
const SIGNED: [&str; 3] = [
    "POST /api/github/webhooks",
    "POST /api/integrations/{provider}/webhooks",
    "POST /api/model/{door}/{*path}",
];
/// For the owner alone.
const OWNERS: [&str; 1] = ["POST /settings/invitations"];
/// Looked at one after the other. Of thirty, one does not come, where routers and pages get into each other's way.
const PAGES: usize = 200;
/// Of the account, which a token does not open.
const IN_PERSON: [&str; 1] = ["POST /api/pages/settings"];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_caller_as_it_should() -> anyhow::Result<()> {
    let template = Template::make().await?;
    let (reading, routes) = (template.open().await?, template.routes().await?);
    let (mut table, mut wrong) = (String::new(), Vec::new());
    writeln!(table, "{:<72}{}", "", Caller::ALL.map(|caller| format!("{:<20}", caller.name())).concat())?;
    for route in &routes {
        let mut cells = Vec::new();
        // Who is let in last may change what is there. The owner's token does so elsewhere than the owner.
        let own = if route.reads() { None } else { Some((template.open().await?, template.open().await?)) };
        for caller in Caller::ALL {
            let site = match &own {
                None => &reading,
                Some((_, for_token)) if caller == Caller::Token => for_token,
                Some((for_others, _)) => for_others,
            };
            cells.push(site.ask(route, caller).await?);
        }
        wrong.extend(check(route, &cells));
        let cells: String = cells.iter().map(|cell| format!("{cell:<20}")).collect();
        writeln!(table, "{:<72}{}", route.name(), cells.trim_end())?;
        if let Some((one, other)) = own {
            one.close().await;
            other.close().await;
        }
    }
    assert!(wrong.is_empty(), "{}\n\n{table}", wrong.join("\n"));
    insta::assert_snapshot!("callers", table);
    Ok(())
}

/// One process may serve more than one site, as these tests do: pages of one do not wait for another that is set up.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_made_while_another_router_is_set_up() -> anyhow::Result<()> {
    let site = Template::make().await?.open().await?;
    let list = Route { path: "/deployments".to_owned(), method: "GET".to_owned() };
    let done = Arc::new(AtomicBool::new(false));
    let others = tokio::task::spawn_blocking({
        let (set_up, done) = (site.routers(), done.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                drop(set_up());
            }
        }
    });
    let mut answers = Vec::new();
    while answers.len() < PAGES && answers.last().is_none_or(|answer| answer == "200") {
        answers.push(site.ask(&list, Caller::Owner).await.unwrap_or_else(|error| error.to_string()));
    }
    done.store(true, Ordering::Relaxed);
    others.await?;
    let (count, last) = (answers.len(), answers.pop());
    assert_eq!((count, last.as_deref()), (PAGES, Some("200")));
    Ok(())
}

/// What holds for every route, and does not for this one.
fn check(route: &Route, cells: &[String]) -> Vec<String> {
    let name = route.name();
    let name = name.as_str();
    let of = |caller: Caller| cells[caller as usize].as_str();
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{name}: {what}: {cells:?}"));
        }
    };
    expect(cells.iter().all(|cell| !cell.starts_with('5')), "nobody can make the server fail");
    expect(of(Caller::Nobody) == of(Caller::ExpiredSession), "an expired session is none");

    if SIGNED.contains(&name) {
        expect(cells.iter().all(|cell| cell == "401"), "nothing but the signature decides");
        return wrong;
    }
    if PUBLIC.contains(&name) {
        return wrong;
    }
    // The door: a program is told, a browser is led to the sign-in.
    let is_shut = |caller: Caller| match of(caller) {
        "401" => route.is_api(),
        "302 sign-in" | "303 sign-in" => !route.is_api(),
        _ => false,
    };
    expect(is_shut(Caller::Nobody), "nobody gets in");
    expect(is_shut(Caller::ExpiredToken), "an expired token is none");
    // Tokens open the REST API and nothing else.
    for token in [Caller::Token, Caller::InvitedToken] {
        expect(is_shut(token) != route.is_api(), "tokens are for programs");
        expect((of(token) == "403") == IN_PERSON.contains(&name), "tokens open nothing of the account");
    }
    // Somebody else is in, but what is the owner's is not there for them.
    expect(!is_shut(Caller::Invited) && !is_shut(Caller::Owner), "people get in");
    if route.names_something_of_the_owner() {
        let is_gone = |caller| matches!(of(caller), "404" | "303 not_found");
        expect(is_gone(Caller::Invited), "what is the owner's is nobody else's");
        expect(is_gone(Caller::InvitedToken) || !route.is_api(), "nor their programs'");
        expect(!is_gone(Caller::Owner), "what is the owner's is there");
    }
    expect((of(Caller::Invited) == "303 forbidden") == OWNERS.contains(&name), "only the owner may");
    expect(!matches!(of(Caller::Owner), "403" | "303 forbidden"), "the owner may");
    wrong
}
