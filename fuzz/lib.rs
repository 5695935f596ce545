//! What reads the words of strangers, compiled without the rest of the product: the diagnosis, deliveries and platforms'
//! JSON, the agent's events, and the guard with the git that it stands on.

#![allow(dead_code, reason = "what only the rest of the product uses")]

#[path = "../src/model/mod.rs"]
pub mod model;
#[path = "../src/platforms.rs"]
pub mod platforms;
#[path = "."]
pub mod server {
    #[path = "../src/server/diagnosis/mod.rs"]
    pub mod diagnosis;
    #[path = "../src/server/disk.rs"]
    mod disk;

    #[path = "."]
    pub mod agent {
        #[path = "../src/server/agent/events.rs"]
        mod events;

        /// The step that a line of OpenCode tells of, or its error.
        pub fn read(line: &str) -> Option<Result<crate::model::AgentStep, String>> {
            match events::parse(line)? {
                events::Event::Step(step) => Some(Ok(step)),
                events::Event::Error(error) => Some(Err(error)),
                events::Event::Answered => None,
            }
        }
    }

    #[path = "."]
    pub mod fix {
        #[path = "../src/server/fix/guard/mod.rs"]
        pub mod guard;
    }

    #[path = "."]
    pub mod github {
        #[path = "../src/server/github/facts.rs"]
        pub mod facts;
        #[path = "../src/server/github/git/mod.rs"]
        pub mod git;
        #[path = "../src/server/github/repository.rs"]
        mod repository;
        #[path = "../src/server/github/webhooks.rs"]
        pub mod webhooks;
        #[path = "../src/server/github/wire.rs"]
        mod wire;

        pub use repository::RepositoryName;

        /// The one error that reading an answer has; the others are of calls.
        mod error {
            #[derive(Debug)]
            pub enum GithubError {
                Malformed,
            }
        }

        /// What an answer says, where it is one.
        pub mod answers {
            use super::{facts, wire};
            use serde::de::DeserializeOwned;

            fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
                serde_json::from_slice(json).ok()
            }

            pub fn user(json: &[u8]) -> Option<facts::User> {
                Some(read::<wire::WireUser>(json)?.into())
            }

            pub fn repository(json: &[u8]) -> Option<facts::Repository> {
                read::<wire::WireRepository>(json)?.try_into().ok()
            }

            pub fn pull_request(json: &[u8]) -> Option<facts::PullRequest> {
                read::<wire::WirePull>(json)?.try_into().ok()
            }

            pub fn statuses(json: &[u8]) -> Option<Vec<facts::Check>> {
                let statuses = read::<wire::WireStatuses>(json)?.statuses?;
                Some(statuses.into_iter().map(facts::Check::from).collect())
            }

            pub fn check_runs(json: &[u8]) -> Option<Vec<facts::Check>> {
                let runs = read::<wire::WireCheckRuns>(json)?.check_runs?;
                Some(runs.into_iter().map(facts::Check::from).collect())
            }
        }
    }

    #[path = "."]
    pub mod integrations {
        #[path = "../src/server/integrations/json_items.rs"]
        pub mod json_items;
        #[path = "../src/server/integrations/lenient.rs"]
        pub mod lenient;
        #[path = "../src/server/integrations/provider.rs"]
        mod provider;

        pub use provider::{
            Access, BuildSettings, DeliveredDeployment, MalformedDelivery, PlatformError, Project, ProjectRef,
            RepositoryFiles, RepositoryLink, WebhookEvent, WebhookKind,
        };

        #[path = "."]
        pub mod vercel {
            #[path = "../src/server/integrations/vercel/convert.rs"]
            pub mod convert;
            #[path = "../src/server/integrations/vercel/webhooks.rs"]
            pub mod webhooks;
            #[path = "../src/server/integrations/vercel/wire.rs"]
            pub mod wire;
        }

        #[path = "."]
        pub mod cloudflare {
            #[path = "../src/server/integrations/cloudflare/convert.rs"]
            pub mod convert;
            #[path = "../src/server/integrations/cloudflare/id.rs"]
            mod id;
            #[path = "../src/server/integrations/cloudflare/webhooks.rs"]
            pub mod webhooks;
            #[path = "../src/server/integrations/cloudflare/wire.rs"]
            pub mod wire;

            /// The one name that the deliveries take from it; the rest of it makes calls.
            mod notifications {
                pub const ALERT: &str = "pages_event_alert";
            }
        }

        #[path = "."]
        pub mod render {
            #[path = "../src/server/integrations/render/build.rs"]
            mod build;
            #[path = "../src/server/integrations/render/convert.rs"]
            pub mod convert;
            #[path = "../src/server/integrations/render/webhooks.rs"]
            pub mod webhooks;
            #[path = "../src/server/integrations/render/wire.rs"]
            pub mod wire;
        }
    }

    /// The row that a project is named by, without a database.
    pub mod db {
        pub mod entity {
            pub mod subscription {
                pub struct Model {
                    pub platform_project_id: String,
                    pub platform_project_name: String,
                }
            }
        }
    }
}
