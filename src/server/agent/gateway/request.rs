//! Turns a request from inside the sandbox into the one that the model's endpoint gets.
//!
//! Only known fields pass: some endpoints offer tools of their own that search the web or run code, and pictures
//! by address, and each of them would be a way out of the sandbox.

use crate::server::config::ModelProtocol;
use serde_json::{Map, Value, json};

const OPENAI_FIELDS: &[&str] = &[
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "response_format",
    "reasoning_effort",
    "verbosity",
    "prompt_cache_key",
];
const ANTHROPIC_FIELDS: &[&str] = &[
    "messages",
    "system",
    "tools",
    "tool_choice",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "thinking",
];
/// Google's protocol has the model and the streaming in its address.
const GOOGLE_FIELDS: &[&str] = &["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"];

/// The rewritten body, or why the request is refused.
pub(super) fn rewrite(
    body: &[u8],
    protocol: ModelProtocol,
    model: &str,
    completion_tokens: bool,
) -> Result<Vec<u8>, &'static str> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return Err("The body is not a JSON object.");
    };
    if protocol != ModelProtocol::Google && fields.get("stream") != Some(&Value::Bool(true)) {
        return Err("Only streamed answers are handed out.");
    }
    // Google's client names it in the address alone.
    if protocol != ModelProtocol::Google && fields.get("model").and_then(Value::as_str) != Some(model) {
        return Err("Another model than the configured one is not handed out.");
    }
    let (known, messages) = match protocol {
        ModelProtocol::Openai => (OPENAI_FIELDS, "messages"),
        ModelProtocol::Anthropic => (ANTHROPIC_FIELDS, "messages"),
        ModelProtocol::Google => (GOOGLE_FIELDS, "contents"),
    };
    if fields.get(messages).is_some_and(names_an_address) {
        return Err("Attachments by address are not handed on.");
    }
    fields.retain(|name, _| known.contains(&name.as_str()));
    if let Some(Value::Array(tools)) = fields.get_mut("tools") {
        tools.retain(|tool| is_plain_tool(tool, protocol));
    }
    if protocol != ModelProtocol::Google {
        fields.insert("model".to_owned(), model.into());
        fields.insert("stream".to_owned(), true.into());
    }
    if protocol == ModelProtocol::Openai {
        fields.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        if completion_tokens {
            rename(&mut fields, "max_tokens", "max_completion_tokens");
        }
    }
    serde_json::to_vec(&fields).map_err(|_| "The body cannot be written.")
}

/// OpenAI's own endpoint has given this field a new name and its newer models refuse the old one.
fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.remove(from) {
        fields.entry(to).or_insert(value);
    }
}

/// A tool that the agent runs itself, not the endpoint.
fn is_plain_tool(tool: &Value, protocol: ModelProtocol) -> bool {
    let kind = tool.get("type").and_then(Value::as_str);
    match protocol {
        ModelProtocol::Openai => kind == Some("function"),
        ModelProtocol::Anthropic => kind.is_none_or(|kind| kind == "custom"),
        ModelProtocol::Google => {
            tool.as_object().is_some_and(|tool| tool.keys().all(|key| key == "functionDeclarations"))
        }
    }
}

/// Somewhere in the messages the endpoint is asked to fetch something.
fn names_an_address(messages: &Value) -> bool {
    let parts = |message: &Value| {
        let parts = message.get("content").or_else(|| message.get("parts"));
        parts.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let fetched = |part: &Value| {
        let by_url = part.pointer("/source/type").and_then(Value::as_str) == Some("url")
            || part.get("fileData").is_some();
        let picture = part.pointer("/image_url/url").or_else(|| part.get("image_url"));
        by_url || picture.and_then(Value::as_str).is_some_and(|url| !url.starts_with("data:"))
    };
    messages.as_array().into_iter().flatten().flat_map(parts).any(|part| {
        // A tool's result is a list of parts again.
        fetched(&part)
            || part.get("content").and_then(Value::as_array).is_some_and(|inner| inner.iter().any(fetched))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use ModelProtocol::{Anthropic, Google, Openai};

    fn rewritten(body: &Value, protocol: ModelProtocol, own: bool) -> Result<Value, &'static str> {
        let body = rewrite(&serde_json::to_vec(body).unwrap(), protocol, "the-model", own)?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn only_known_fields_and_plain_tools_pass() {
        let body = json!({
            "model": "the-model", "stream": true, "n": 9, "max_tokens": 5, "web_search_options": {},
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"type": "function", "function": {"name": "read"}}, {"type": "web_search"}],
        });
        let plain = json!([{"type": "function", "function": {"name": "read"}}]);
        let common = |limit: &str| {
            json!({
                "model": "the-model", "stream": true, "stream_options": {"include_usage": true}, limit: 5,
                "messages": [{"role": "user", "content": "hi"}], "tools": plain,
            })
        };
        assert_eq!(rewritten(&body, Openai, false), Ok(common("max_tokens")));
        assert_eq!(rewritten(&body, Openai, true), Ok(common("max_completion_tokens")));
        let body = json!({
            "model": "the-model", "stream": true, "max_tokens": 5, "mcp_servers": [], "messages": [],
            "tools": [{"name": "read"}, {"type": "web_fetch_20250910", "name": "web_fetch"}],
        });
        let expected = json!({
            "model": "the-model", "stream": true, "max_tokens": 5, "messages": [], "tools": [{"name": "read"}],
        });
        assert_eq!(rewritten(&body, Anthropic, true), Ok(expected));
        let body = json!({
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}], "cachedContent": "another's",
            "tools": [{"functionDeclarations": [{"name": "read"}]}, {"googleSearch": {}}, {"urlContext": {}}],
        });
        let expected = json!({
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "tools": [{"functionDeclarations": [{"name": "read"}]}],
        });
        assert_eq!(rewritten(&body, Google, true), Ok(expected));
    }

    #[test]
    fn what_would_reach_out_or_not_stream_is_refused() {
        let with = |part: Value| {
            let messages = json!([{"role": "user", "content": [part]}]);
            json!({"model": "the-model", "stream": true, "messages": messages})
        };
        for body in [
            json!([]),
            json!({"model": "the-model", "messages": []}),
            json!({"model": "the-model", "stream": false, "messages": []}),
            json!({"model": "dearer", "stream": true, "messages": []}),
            json!({"model": ["the-model"], "stream": true, "messages": []}),
            json!({"stream": true, "messages": []}),
            with(json!({"type": "image_url", "image_url": {"url": "https://a.test/?secret"}})),
            with(json!({"type": "image", "source": {"type": "url", "url": "https://a.test"}})),
            with(json!({"type": "tool_result", "content": [{"type": "image", "source": {"type": "url"}}]})),
        ] {
            assert!(rewritten(&body, Openai, false).is_err(), "{body}");
        }
        let file = json!({"contents": [{"parts": [{"fileData": {"fileUri": "https://a.test/?secret"}}]}]});
        assert!(rewritten(&file, Google, false).is_err());
        let inline = with(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}));
        assert!(rewritten(&inline, Openai, false).is_ok());
    }
}
