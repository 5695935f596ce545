//! What Harbour is called, how it looks, and what people are told about it.

use deploymend::{
    model::Provider,
    platforms::{Guide, Profile, Screens},
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
        env: "in Harbour's cargo list",
        build: "in Harbour's sailing orders",
        root: "in Harbour's hold",
        output: "on Harbour's deck",
        node: "in Harbour's engine room",
        git: "in Harbour's chart room",
        usage: "in Harbour's ledger",
        members: "in Harbour's crew list",
        redeploy: "in Harbour with Sail again",
    },
};
