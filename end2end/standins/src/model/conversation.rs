//! A chat request read as a conversation: the prompt, and each tool call with its result.

use serde_json::Value;

/// A tool call as the model makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Tool's name: `read`, `edit`, `bash`, `grep`, `glob`.
    pub tool: String,
    /// Its arguments, an object.
    pub arguments: Value,
}

/// A call that was carried out.
#[derive(Debug, Clone)]
pub struct Turn {
    /// What was called.
    pub call: Call,
    /// What the tool answered, as text.
    pub result: String,
    /// What the model said with the call.
    pub say: String,
}

/// What the model knows: nothing else.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// All user messages.
    pub prompt: String,
    /// Tool calls with results, oldest first.
    pub turns: Vec<Turn>,
}

impl Call {
    /// A text argument.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.arguments[name].as_str().unwrap_or_default()
    }
}

impl Conversation {
    /// Reads the `messages` of a chat request.
    #[must_use]
    pub fn of(request: &Value) -> Conversation {
        let mut conversation = Conversation::default();
        let mut open: Vec<(String, Call, String)> = Vec::new();
        for message in request["messages"].as_array().into_iter().flatten() {
            match message["role"].as_str() {
                Some("user") => {
                    conversation.prompt.push_str(&text_of(&message["content"]));
                    conversation.prompt.push('\n');
                }
                Some("assistant") => {
                    for call in message["tool_calls"].as_array().into_iter().flatten() {
                        let function = &call["function"];
                        let arguments = function["arguments"].as_str().unwrap_or("{}");
                        let call_made = Call {
                            tool: function["name"].as_str().unwrap_or_default().to_owned(),
                            arguments: serde_json::from_str(arguments).unwrap_or(Value::Null),
                        };
                        let id = call["id"].as_str().unwrap_or_default().to_owned();
                        open.push((id, call_made, text_of(&message["content"])));
                    }
                }
                Some("tool") => {
                    let id = message["tool_call_id"].as_str().unwrap_or_default();
                    if let Some(index) = open.iter().position(|(known, ..)| known == id) {
                        let (_, call, say) = open.remove(index);
                        let result = text_of(&message["content"]);
                        conversation.turns.push(Turn { call, result, say });
                    }
                }
                _ => {}
            }
        }
        conversation
    }
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
