//! The model server as an OpenAI client sees it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use reqwest::{Client, Response};
use serde_json::{Value, json};
use standins::model::state::Mode;
use standins::{Options, Standins};

async fn ask(standins: &Standins, key: &str, model: &str) -> Response {
    let tools = json!([{"type": "function", "function": {"name": "read", "parameters": {}}}]);
    let prompt = "src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.";
    let body = json!({"model": model, "stream": true, "stream_options": {"include_usage": true}, "tools": tools,
        "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": prompt}]}]});
    let url = format!("{}/chat/completions", standins.model_url());
    Client::new().post(url).bearer_auth(key).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn a_step_is_streamed_with_its_usage() {
    let standins = Standins::start(Options::default()).unwrap();
    let text = ask(&standins, &standins.model_key(), "scripted").await.text().await.unwrap();
    let events: Vec<&str> = text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> =
        events[..events.len() - 1].iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let calls = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].as_array());
    let calls: Vec<&Value> = calls.flatten().collect();
    assert_eq!(calls[0]["function"]["name"], "read");
    let arguments: String = calls.iter().filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({"filePath": "src/a.ts"}));
    let reasons: Vec<&str> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str()).collect();
    assert_eq!(reasons, ["tool_calls"]);
    assert!(chunks.last().unwrap()["usage"]["prompt_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn failures_are_chosen_by_setting_or_by_name() {
    let standins = Standins::start(Options::default()).unwrap();
    let key = standins.model_key();
    assert_eq!(ask(&standins, "wrong", "scripted").await.status(), 401);
    for (model, status) in [
        ("scripted-unauthorized", 401),
        ("scripted-rate-limited", 429),
        ("scripted-quota-exceeded", 429),
        ("scripted-server-error", 500),
        ("scripted-context-length", 400),
        ("scripted", 200),
    ] {
        assert_eq!(ask(&standins, &key, model).await.status(), status, "{model}");
    }
    standins.set_model_mode(Mode::Truncated);
    let cut = ask(&standins, &key, "scripted").await.text().await.unwrap();
    assert!(!cut.contains("\"finish_reason\":\"stop\"") && !cut.contains("[DONE]"), "{cut}");
    standins.set_model_mode(Mode::Broken);
    assert!(ask(&standins, &key, "scripted").await.text().await.is_err());
    standins.set_model_mode(Mode::ChangesNothing);
    assert!(
        ask(&standins, &key, "scripted").await.text().await.unwrap().contains("\"finish_reason\":\"stop\"")
    );
    assert_eq!(standins.model_requests(), 9);
}
