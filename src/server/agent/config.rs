//! OpenCode's configuration for one attempt: the gateway as its only model, nothing fetched, nothing asked,
//! nothing taken from the repository.

use super::gateway::ModelSettings;
use crate::server::{
    config::ModelProtocol,
    sandbox::{GuestFile, OPENCODE},
};
use serde_json::{Value, json};

/// Read-only inside, so that neither OpenCode nor the agent changes it.
const FOLDER: &str = "/opt/agent";
const PROVIDER: &str = "deploymend";
/// The version that this is tested with: see `tools/package.json`.
const PLUGIN_VERSION: &str = "1.18.33";

/// Denied in every attempt: the network, other folders, questions that nobody answers, and helpers whose steps
/// would not be seen.
const DENIED: [&str; 7] =
    ["webfetch", "websearch", "external_directory", "doom_loop", "question", "task", "skill"];

/// The command line. The prompt goes to standard input: given as an argument it would arrive in quotes.
pub(super) fn command(model: &str) -> Vec<String> {
    let program = format!("{OPENCODE}/opencode");
    let model = format!("{PROVIDER}/{model}");
    // A title of one's own saves the request for one.
    let arguments = ["run", "--format", "json", "--title", "Repair", "-m", &model];
    std::iter::once(program.as_str()).chain(arguments).map(str::to_owned).collect()
}

/// The environment beside the sandbox's own.
pub(super) fn environment() -> Vec<(String, String)> {
    let mut variables = vec![
        ("OPENCODE_CONFIG".to_owned(), format!("{FOLDER}/opencode.json")),
        ("XDG_CONFIG_HOME".to_owned(), FOLDER.to_owned()),
    ];
    for switch in [
        "DISABLE_MODELS_FETCH",
        "DISABLE_AUTOUPDATE",
        "DISABLE_SHARE",
        "DISABLE_LSP_DOWNLOAD",
        "DISABLE_DEFAULT_PLUGINS",
        "DISABLE_CLAUDE_CODE",
        "DISABLE_EXTERNAL_SKILLS",
        "DISABLE_TERMINAL_TITLE",
        "DISABLE_PROJECT_CONFIG",
        "PURE",
    ] {
        variables.push((format!("OPENCODE_{switch}"), "1".to_owned()));
    }
    variables
}

/// The files that OpenCode finds. `token` opens the gateway for this attempt, which is at `gateway`.
pub(super) fn files(model: &ModelSettings, gateway: &str, token: &str, search: bool) -> Vec<GuestFile> {
    let file = |name: &str, content: &Value| GuestFile {
        path: format!("{FOLDER}/{name}").into(),
        bytes: content.to_string().into_bytes(),
    };
    // OpenCode installs its plugin package from the network at every start, unless it seems to be there.
    let dependencies = json!({ "dependencies": { "@opencode-ai/plugin": PLUGIN_VERSION } });
    vec![
        file("opencode.json", &settings(model, gateway, token, search)),
        file("opencode/package.json", &dependencies),
        file(
            "opencode/package-lock.json",
            &json!({ "lockfileVersion": 3, "packages": { "": dependencies } }),
        ),
        // What it would write there itself, if it could.
        GuestFile { path: format!("{FOLDER}/opencode/.gitignore").into(), bytes: b"*\n".to_vec() },
        file("opencode/node_modules/.package-lock.json", &json!({ "lockfileVersion": 3, "packages": {} })),
    ]
}

fn settings(model: &ModelSettings, gateway: &str, token: &str, search: bool) -> Value {
    let name = model.model.as_str();
    let package = match model.protocol {
        ModelProtocol::Openai => "@ai-sdk/openai-compatible",
        ModelProtocol::Anthropic => "@ai-sdk/anthropic",
        ModelProtocol::Google => "@ai-sdk/google",
    };
    let mut permission = serde_json::Map::from_iter([("*".to_owned(), json!("allow"))]);
    permission.extend(DENIED.map(|tool| (tool.to_owned(), json!("deny"))));
    if !search {
        // Both need ripgrep, and without it OpenCode would try to download it at every use.
        permission.extend(["grep", "glob"].map(|tool| (tool.to_owned(), json!("deny"))));
    }
    let full_name = format!("{PROVIDER}/{name}");
    json!({
        "$schema": "https://opencode.ai/config.json",
        "model": full_name, "small_model": full_name, "enabled_providers": [PROVIDER],
        "autoupdate": false, "share": "disabled", "snapshot": false, "lsp": false, "formatter": false,
        "plugin": [], "mcp": {}, "instructions": [],
        "permission": permission,
        "provider": { PROVIDER: {
            "npm": package,
            "name": "Model",
            "options": {
                "baseURL": format!("{gateway}/v1"),
                "apiKey": token,
                "timeout": 900_000,
            },
            "models": { name: {
                "name": name, "tool_call": true, "reasoning": false, "attachment": false, "temperature": false,
                "limit": { "context": 128_000, "output": 16_384 },
                "cost": { "input": model.prices.0, "output": model.prices.1 },
            } },
        } },
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn model(protocol: ModelProtocol) -> ModelSettings {
        ModelSettings {
            protocol,
            url: "https://model.example/v1".parse().unwrap(),
            model: "maker/model-1".to_owned(),
            key: Some("the-real-key".to_owned().into()),
            max_requests: 1,
            max_tokens: 1,
            max_cost: 1.0,
            prices: (1.5, 2.5),
        }
    }

    #[test]
    fn the_agent_gets_its_token_and_never_the_key() {
        for (protocol, package) in [
            (ModelProtocol::Openai, "@ai-sdk/openai-compatible"),
            (ModelProtocol::Anthropic, "@ai-sdk/anthropic"),
            (ModelProtocol::Google, "@ai-sdk/google"),
        ] {
            let files = files(&model(protocol), "http://127.0.0.1:47102", "the-token", true);
            assert!(files.iter().all(|file| !String::from_utf8_lossy(&file.bytes).contains("the-real-key")));
            let settings: Value = serde_json::from_slice(&files[0].bytes).unwrap();
            let provider = &settings["provider"]["deploymend"];
            assert_eq!(
                (&provider["npm"], &provider["options"]["apiKey"]),
                (&json!(package), &json!("the-token"))
            );
            assert_eq!(provider["models"]["maker/model-1"]["cost"]["input"], 1.5);
            assert_eq!(settings["model"], "deploymend/maker/model-1");
            assert_eq!(settings["permission"]["webfetch"], "deny");
        }
    }

    #[test]
    fn without_ripgrep_the_tools_that_need_it_are_not_offered() {
        let model = model(ModelProtocol::Openai);
        let permission =
            |search| settings(&model, "http://gateway", "t", search)["permission"]["grep"].clone();
        assert_eq!((permission(true), permission(false)), (Value::Null, json!("deny")));
    }
}
