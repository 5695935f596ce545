//! Turns the JSON lines that OpenCode prints into steps and errors. Anything unknown is passed over: the lines
//! come from inside the sandbox, and later versions have more kinds of them.

use crate::{model::AgentStep, server::diagnosis::redact::redact};
use serde_json::Value;

const MAX_DETAIL: usize = 4000;
const MAX_TITLE: usize = 200;

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// The agent said or did something.
    Step(AgentStep),
    /// The model's answer to one request is complete.
    Answered,
    /// OpenCode reports an error: its name and message.
    Error(String),
}

/// Reads one line.
pub(super) fn parse(line: &str) -> Option<Event> {
    let event: Value = serde_json::from_str(line).ok()?;
    let part = event.get("part");
    match event.get("type")?.as_str()? {
        "text" => {
            let said = text(part?.get("text")?);
            (!said.trim().is_empty()).then(|| Event::Step(step("text", said, said, false)))
        }
        "tool_use" => tool(part?),
        "step_finish" => Some(Event::Answered),
        "error" => {
            let error = event.get("error")?;
            let name = error.get("name").map_or("error", text);
            let message = error.pointer("/data/message").map_or("", text);
            Some(Event::Error(cut(&redact(format!("{name}: {message}").trim_end_matches(": ")), MAX_TITLE)))
        }
        _ => None,
    }
}

fn tool(part: &Value) -> Option<Event> {
    let name = text(part.get("tool")?);
    let state = part.get("state")?;
    let failed = state.get("status").and_then(Value::as_str) == Some("error");
    let title = ["/input/command", "/input/filePath", "/input/pattern", "/title"]
        .iter()
        .find_map(|path| state.pointer(path)?.as_str().filter(|title| !title.is_empty()))
        .unwrap_or(name);
    let detail = ["/error", "/metadata/diff", "/output"]
        .iter()
        .find_map(|path| state.pointer(path)?.as_str().filter(|detail| !detail.is_empty()))
        .unwrap_or_default();
    Some(Event::Step(step(name, title.strip_prefix("/repo/").unwrap_or(title), detail, failed)))
}

fn step(tool: &str, title: &str, detail: &str, failed: bool) -> AgentStep {
    let first_line = title.trim().lines().next().unwrap_or_default();
    AgentStep {
        tool: cut(tool, 40),
        title: cut(&redact(first_line), MAX_TITLE),
        detail: cut(&redact(detail), MAX_DETAIL),
        failed,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(limit)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn one_step(event: &Value) -> AgentStep {
        match parse(&event.to_string()) {
            Some(Event::Step(step)) => step,
            other => panic!("{other:?}"),
        }
    }

    fn use_of(tool: &str, state: Value) -> Value {
        json!({"type": "tool_use", "timestamp": 1, "sessionID": "s", "part": {"tool": tool, "state": state}})
    }

    #[test]
    fn tools_become_steps() {
        let edit = one_step(&use_of(
            "edit",
            json!({
                "status": "completed", "input": {"filePath": "/repo/src/a.ts"}, "output": "Edit applied.",
                "title": "src/a.ts", "metadata": {"diff": "-a\n+b\n"},
            }),
        ));
        assert_eq!((edit.title.as_str(), edit.detail.as_str(), edit.failed), ("src/a.ts", "-a\n+b\n", false));
        let bash = one_step(&use_of(
            "bash",
            json!({
                "status": "completed", "input": {"command": "npm test\nexit 0"}, "output": "ok\n", "title": "Runs the tests",
            }),
        ));
        assert_eq!(
            (bash.tool.as_str(), bash.title.as_str(), bash.detail.as_str()),
            ("bash", "npm test", "ok\n")
        );
        let failed = one_step(&use_of(
            "read",
            json!({
                "status": "error", "input": {"filePath": "b.ts"}, "error": "File not found",
            }),
        ));
        assert_eq!(
            (failed.title.as_str(), failed.detail.as_str(), failed.failed),
            ("b.ts", "File not found", true)
        );
    }

    #[test]
    fn words_are_cut_and_redacted() {
        let said = |text: &str| one_step(&json!({"type": "text", "part": {"text": text}}));
        assert_eq!(said("Done.\nAll well.").title, "Done.");
        assert!(said(&"ä".repeat(9000)).detail.len() <= MAX_DETAIL + 3);
        let token = format!("ghp_{}", "a1B2".repeat(9));
        assert!(!said(&format!("the token is {token}")).detail.contains(&token));
        assert_eq!(parse(&json!({"type": "text", "part": {"text": " \n"}}).to_string()), None);
    }

    #[test]
    fn errors_and_ends_are_told_and_the_rest_is_passed_over() {
        let error = json!({"type": "error", "error": {"name": "APIError", "data": {"message": "Unauthorized", "statusCode": 401}}});
        assert_eq!(parse(&error.to_string()), Some(Event::Error("APIError: Unauthorized".to_owned())));
        let bare = json!({"type": "error", "error": {"name": "UnknownError"}});
        assert_eq!(parse(&bare.to_string()), Some(Event::Error("UnknownError".to_owned())));
        assert_eq!(parse(r#"{"type":"step_finish","part":{"reason":"stop"}}"#), Some(Event::Answered));
        for line in
            ["", "not json", "[]", "7", r#"{"type":7}"#, r#"{"type":"tool_use"}"#, r#"{"type":"reasoning"}"#]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_parser(line: String, kind in "text|tool_use|error|step_finish", filler in "\\PC{0,40}") {
            parse(&line);
            let odd = json!({"type": kind, "part": {"text": [filler], "tool": {}, "state": filler}, "error": [filler]});
            parse(&odd.to_string());
            let line = json!({"type": kind, "part": {"text": filler, "tool": filler, "state": {"title": filler}}, "error": {"name": filler}});
            let parsed = parse(&line.to_string());
            prop_assert!(parsed.is_some() || kind == "text");
        }
    }
}
