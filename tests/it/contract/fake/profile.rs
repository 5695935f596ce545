//! What Harbour is called, how it looks, and what people are told about it.

use deploymend::{
    model::Provider,
    platforms::{Guide, Place, Profile, Screen, Screens},
};

pub const HARBOUR: Provider = Provider::of(&PROFILE);

static PROFILE: Profile = Profile {
    name: "harbour",
    display_name: "Harbour",
    tagline: "Ships of your harbour",
    icon: "M2 10h12l-2 4H4z",
    guide: Guide {
        field: "Harbour token",
        field_id: "harbour-token",
        format: "A token begins with hbr_.",
        prefix: "hbr_",
        others: &[],
        choices: &[],
        lacking: "Ask the harbour master.",
        pictures: &[],
    },
    screens: Screens {
        host: "harbour.example",
        docs_host: "docs.harbour.example",
        path,
        env: screen("in Harbour's cargo list"),
        build: screen("in Harbour's sailing orders"),
        root: screen("in Harbour's hold"),
        output: screen("on Harbour's deck"),
        node: screen("in Harbour's engine room"),
        git: screen("in Harbour's chart room"),
        usage: screen("in Harbour's ledger"),
        members: screen("in Harbour's crew list"),
        redeploy: screen("in Harbour with Sail again"),
    },
};

const fn screen(words: &'static str) -> Screen {
    Screen { words, docs: None }
}

fn path(place: Place, ship: &[&str]) -> Option<String> {
    let [ship] = ship else { return None };
    (place == Place::Env).then(|| format!("{ship}/cargo"))
}
