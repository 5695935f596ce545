//! Reads along in the model's answer: whether it came whole and what it cost. Changes nothing in it.

use crate::server::config::ModelProtocol;
use serde_json::Value;

/// A longer line is not looked at.
const MAX_LINE: usize = 1024 * 1024;

/// What is known about an answer so far.
#[derive(Debug)]
pub(super) struct Answer {
    protocol: ModelProtocol,
    line: Vec<u8>,
    too_long: bool,
    bytes: u64,
    input: u64,
    output: u64,
    complete: bool,
}

impl Answer {
    pub(super) const fn new(protocol: ModelProtocol) -> Self {
        Self { protocol, line: Vec::new(), too_long: false, bytes: 0, input: 0, output: 0, complete: false }
    }

    /// The model has said that it is done.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Tokens read and written. Where the endpoint did not say, because the answer broke off or because it never
    /// says, four bytes count as one: a budget is not evaded by hanging up.
    pub(super) const fn tokens(&self, request_bytes: u64) -> (u64, u64) {
        let input = if self.input == 0 { request_bytes / 4 } else { self.input };
        // Of the stream's bytes, most are its wrapping.
        let output = if self.output == 0 { self.bytes / 40 } else { self.output };
        (input, output)
    }

    /// Takes in the next bytes of the event stream.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..end]);
            if !self.too_long {
                self.end_line();
            }
            self.line.clear();
            self.too_long = false;
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > MAX_LINE {
            self.too_long = true;
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        let Some(data) = self.line.strip_prefix(b"data:") else { return };
        let Ok(event) = serde_json::from_slice::<Value>(data) else { return };
        let number = |path: &str| event.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        match self.protocol {
            ModelProtocol::Openai => {
                self.input = self.input.max(number("/usage/prompt_tokens"));
                self.output = self.output.max(number("/usage/completion_tokens"));
                self.complete |= event.pointer("/choices/0/finish_reason").is_some_and(Value::is_string);
            }
            ModelProtocol::Anthropic => {
                for usage in ["/message/usage", "/usage"] {
                    let field = |name: &str| number(&format!("{usage}/{name}"));
                    let read = field("input_tokens")
                        + field("cache_creation_input_tokens")
                        + field("cache_read_input_tokens");
                    self.input = self.input.max(read);
                    self.output = self.output.max(field("output_tokens"));
                }
                self.complete |= event.get("type").and_then(Value::as_str) == Some("message_stop");
            }
            ModelProtocol::Google => {
                let field = |name: &str| number(&format!("/usageMetadata/{name}"));
                self.input = self.input.max(field("promptTokenCount"));
                self.output = self.output.max(field("candidatesTokenCount") + field("thoughtsTokenCount"));
                self.complete |= event.pointer("/candidates/0/finishReason").is_some_and(Value::is_string);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPENAI: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":null}]}\n\n\
        : ping\r\n\r\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":50}}\n\ndata: [DONE]\n\n";
    const ANTHROPIC: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":\
        {\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n\
        event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n\
        event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    const GOOGLE: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hi\"}]}}],\"usageMetadata\":\
        {\"promptTokenCount\":20}}\r\n\r\ndata: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":\
        {\"promptTokenCount\":20,\"candidatesTokenCount\":4,\"thoughtsTokenCount\":3}}\r\n\r\n";

    fn read(protocol: ModelProtocol, chunks: &[&[u8]]) -> (bool, (u64, u64)) {
        let mut answer = Answer::new(protocol);
        for chunk in chunks {
            answer.push(chunk);
        }
        (answer.is_complete(), answer.tokens(4000))
    }

    #[test]
    fn whole_answers_are_known_by_their_end() {
        assert_eq!(read(ModelProtocol::Openai, &[OPENAI.as_bytes()]), (true, (1000, 50)));
        assert_eq!(read(ModelProtocol::Anthropic, &[ANTHROPIC.as_bytes()]), (true, (15, 7)));
        assert_eq!(read(ModelProtocol::Google, &[GOOGLE.as_bytes()]), (true, (20, 7)));
    }

    #[test]
    fn answers_that_break_off_are_not_whole_and_not_free() {
        let (complete, (input, _)) = read(ModelProtocol::Openai, &[&OPENAI.as_bytes()[..60]]);
        assert_eq!((complete, input), (false, 1000));
        let (complete, tokens) =
            read(ModelProtocol::Anthropic, &[&ANTHROPIC.as_bytes()[..ANTHROPIC.len() - 10]]);
        assert_eq!((complete, tokens), (false, (15, 7)));
        let long = format!("data: {}\n", " ".repeat(MAX_LINE + 1));
        assert!(read(ModelProtocol::Openai, &[long.as_bytes(), OPENAI.as_bytes()]).0);
    }

    proptest! {
        #[test]
        fn chunk_borders_do_not_matter(at in 0..OPENAI.len(), noise: Vec<u8>) {
            let (left, right) = OPENAI.as_bytes().split_at(at);
            prop_assert_eq!(read(ModelProtocol::Openai, &[left, right]), (true, (1000, 50)));
            read(ModelProtocol::Anthropic, &[&noise]);
            read(ModelProtocol::Google, &[&noise]);
        }
    }
}
