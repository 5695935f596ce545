//! Turns a stream of bytes into JSON values, one at a time: the elements of one array, or one value per line.
//!
//! A long answer is never held in memory, only the value that is being read. [`Descent`] finds the array inside an
//! object first.

/// Where the splitter stands between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// Nothing but blanks so far.
    Unknown,
    /// Inside the outer array.
    Array,
    /// One value after the other.
    Lines,
    /// After the end of the outer array.
    Done,
}

/// The stream is not an array of values and not a sequence of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFraming;

/// Splits a stream into JSON values by counting brackets outside of strings.
#[derive(Debug)]
pub struct Splitter {
    framing: Framing,
    value: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The value is longer than the limit: its bytes are counted, not kept.
    oversized: bool,
    limit: usize,
    /// Values that were left out because of their size.
    pub left_out: usize,
}

impl Splitter {
    /// A splitter that leaves out values of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            framing: Framing::Unknown,
            value: Vec::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            oversized: false,
            limit,
            left_out: 0,
        }
    }

    /// Takes in the next bytes and hands each complete value to `sink`.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), BadFraming> {
        for &byte in bytes {
            self.step(byte, sink)?;
        }
        Ok(())
    }

    /// The stream has ended.
    pub fn finish(mut self, sink: &mut impl FnMut(&[u8])) -> Result<usize, BadFraming> {
        if self.framing == Framing::Array || self.in_string || self.depth > 0 {
            return Err(BadFraming);
        }
        self.flush(sink);
        Ok(self.left_out)
    }

    fn step(&mut self, byte: u8, sink: &mut impl FnMut(&[u8])) -> Result<(), BadFraming> {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Ok(());
        }
        match (self.framing, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') if self.depth == 0 => {
                if self.framing == Framing::Lines {
                    self.flush(sink);
                }
            }
            (Framing::Unknown, b'[') => self.framing = Framing::Array,
            (Framing::Unknown, _) => {
                self.framing = Framing::Lines;
                return self.step(byte, sink);
            }
            (Framing::Done, _) => return Err(BadFraming),
            (Framing::Array, b',') if self.depth == 0 => self.flush(sink),
            (Framing::Array, b']') if self.depth == 0 => {
                self.flush(sink);
                self.framing = Framing::Done;
            }
            (_, b'{' | b'[') => {
                self.depth += 1;
                self.keep(byte);
            }
            (_, b'}' | b']') => {
                self.depth = self.depth.checked_sub(1).ok_or(BadFraming)?;
                self.keep(byte);
            }
            (_, b'"') => {
                self.in_string = true;
                self.keep(byte);
            }
            _ => self.keep(byte),
        }
        Ok(())
    }

    fn keep(&mut self, byte: u8) {
        if self.value.len() < self.limit {
            self.value.push(byte);
        } else {
            self.oversized = true;
        }
    }

    fn flush(&mut self, sink: &mut impl FnMut(&[u8])) {
        if self.oversized {
            self.left_out += 1;
        } else if !self.value.is_empty() {
            sink(&self.value);
        }
        self.value.clear();
        self.oversized = false;
    }
}

/// Finds the array under a path of keys in one object, splits it, and passes over everything else.
#[derive(Debug)]
pub struct Descent {
    path: &'static [&'static str],
    /// How many keys of the path lead to the object that is being read.
    entered: usize,
    /// Open brackets.
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The string that ended last, as far as it can be a key of the path.
    text: Vec<u8>,
    /// The next value is the one under the next key of the path.
    pending: bool,
    inside: bool,
    found: bool,
    items: Splitter,
}

/// No key of a path is longer.
const MAX_KEY_BYTES: usize = 64;

impl Descent {
    /// Splits the array under `path` into values, leaving out those of more than `limit` bytes.
    pub fn new(path: &'static [&'static str], limit: usize) -> Self {
        Self {
            path,
            entered: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            text: Vec::new(),
            pending: false,
            inside: false,
            found: false,
            items: Splitter::new(limit),
        }
    }

    /// Takes in the next bytes and hands each complete value to `sink`.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), BadFraming> {
        for &byte in bytes {
            if self.inside {
                self.items.step(byte, sink)?;
                self.inside = self.items.framing != Framing::Done;
            } else {
                self.step(byte, sink)?;
            }
        }
        Ok(())
    }

    /// The stream has ended. How many values were left out because of their size.
    ///
    /// # Errors
    /// The stream broke off, or has no array at that place. `null` there is an empty one.
    pub fn finish(self) -> Result<usize, BadFraming> {
        if self.inside || self.in_string || self.depth > 0 || !self.found {
            return Err(BadFraming);
        }
        Ok(self.items.left_out)
    }

    fn step(&mut self, byte: u8, sink: &mut impl FnMut(&[u8])) -> Result<(), BadFraming> {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    return Ok(());
                }
                _ => {}
            }
            if self.text.len() <= MAX_KEY_BYTES {
                self.text.push(byte);
            }
            return Ok(());
        }
        let last = self.entered + 1 == self.path.len();
        match byte {
            b'"' => {
                self.in_string = true;
                self.pending = false;
                self.text.clear();
            }
            b':' => self.pending = self.is_next_key(),
            b'[' if self.pending && last && !self.found => {
                (self.inside, self.found, self.pending) = (true, true, false);
                self.items.step(byte, sink)?;
            }
            b'{' | b'[' => {
                self.entered += usize::from(self.pending && !last && byte == b'{');
                self.depth += 1;
                self.pending = false;
            }
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or(BadFraming)?;
                self.entered = self.entered.min(self.depth.saturating_sub(1));
            }
            b'n' if self.pending && last => (self.found, self.pending) = (true, false),
            b',' => self.pending = false,
            _ => {}
        }
        Ok(())
    }

    fn is_next_key(&self) -> bool {
        self.depth == self.entered + 1
            && self.path.get(self.entered).is_some_and(|key| key.as_bytes() == self.text)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn split(chunks: &[&[u8]], limit: usize) -> Result<(Vec<Value>, usize), BadFraming> {
        let mut values = Vec::new();
        let mut sink = |bytes: &[u8]| values.push(serde_json::from_slice(bytes).unwrap());
        let mut splitter = Splitter::new(limit);
        for chunk in chunks {
            splitter.push(chunk, &mut sink)?;
        }
        let left_out = splitter.finish(&mut sink)?;
        Ok((values, left_out))
    }

    #[rstest]
    #[case::array(r#" [ {"a":"],[\"}"} , null, [1,2] ] "#)]
    #[case::lines("{\"a\":\"],[\\\"}\"}\r\nnull\n[1,2]\n")]
    fn both_framings(#[case] text: &str) {
        let (values, _) = split(&[text.as_bytes()], 1000).unwrap();
        assert_eq!(values, [json!({"a": "],[\"}"}), Value::Null, json!([1, 2])]);
    }

    #[rstest]
    #[case::cut_array("[{\"a\":1},")]
    #[case::cut_object("{\"a\":1")]
    #[case::cut_string("{\"a\":\"x")]
    #[case::too_many_ends("{}}")]
    #[case::after_the_end("[] x")]
    fn a_cut_stream_is_an_error(#[case] text: &str) {
        assert_eq!(split(&[text.as_bytes()], 1000), Err(BadFraming));
    }

    #[test]
    fn a_huge_value_is_left_out() {
        let text = format!("[1,\"{}\",2]", "x".repeat(100));
        assert_eq!(split(&[text.as_bytes()], 50).unwrap(), (vec![json!(1), json!(2)], 1));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~é\\n\"\\\\{}\\[\\]]{0,12}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"{]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect()))
            ]
        })
    }

    fn descend(chunks: &[&[u8]]) -> Result<(Vec<Value>, usize), BadFraming> {
        let mut values = Vec::new();
        let mut sink = |bytes: &[u8]| values.push(serde_json::from_slice(bytes).unwrap());
        let mut descent = Descent::new(&["result", "data"], 10_000);
        for chunk in chunks {
            descent.push(chunk, &mut sink)?;
        }
        let left_out = descent.finish()?;
        Ok((values, left_out))
    }

    #[rstest]
    #[case::alone(r#"{"result":{"data":[1,2]}}"#, &[1, 2])]
    #[case::blanks(" { \"result\" : {\n\"data\" : [ 1 ,2 ] } } ", &[1, 2])]
    #[case::among_others(r#"{"errors":[],"messages":["data",{"data":[9]}],"result":{"total":2,"x":{"data":[8]},"data":[1,2],"y":[7]},"data":[6]}"#, &[1, 2])]
    #[case::key_as_value(r#"{"a":"result","result":{"b":"data","c":[9],"data":[1]}}"#, &[1])]
    #[case::other_result_first(r#"{"x":{"result":{"data":[9]}},"result":{"data":[1]}}"#, &[1])]
    #[case::escaped(r#"{"re\u0073ult":1,"\"result":{"data":[9]},"result":{"data":[1]}}"#, &[1])]
    #[case::empty(r#"{"result":{"data":[]}}"#, &[])]
    #[case::null(r#"{"result":{"data":null,"total":0}}"#, &[])]
    fn the_array_under_a_path(#[case] text: &str, #[case] expected: &[i64]) {
        let (values, _) = descend(&[text.as_bytes()]).unwrap();
        assert_eq!(values, expected.iter().map(|n| json!(n)).collect::<Vec<_>>());
    }

    #[rstest]
    #[case::cut_in_the_array(r#"{"result":{"data":[1,"#)]
    #[case::cut_behind_it(r#"{"result":{"data":[1]}"#)]
    #[case::elsewhere(r#"{"data":[1]}"#)]
    #[case::no_array(r#"{"result":{"data":{"a":[1]}}}"#)]
    #[case::refused(r#"{"success":false,"result":null}"#)]
    #[case::nothing("")]
    fn no_such_array_is_an_error(#[case] text: &str) {
        assert_eq!(descend(&[text.as_bytes()]), Err(BadFraming));
    }

    proptest! {
        #[test]
        fn any_array_under_a_path_in_any_pieces(values in prop::collection::vec(any_json(), 0..6), before in any_json(), cut in 1usize..9) {
            let text = format!(r#"{{"a":{before},"result":{{"b":{before},"data":{},"c":{before}}},"d":{before}}}"#, Value::from(values.clone()));
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            prop_assert_eq!(descend(&chunks), Ok((values, 0)));
        }

        #[test]
        fn rubbish_never_makes_a_descent_panic(bytes in prop::collection::vec(prop::sample::select(b"{}[]\":,\\nresultdata1 ".to_vec()), 0..200)) {
            let mut descent = Descent::new(&["result", "data"], 64);
            let _ = descent.push(&bytes, &mut |_| {});
            let _ = descent.finish();
        }

        #[test]
        fn any_array_in_any_pieces(values in prop::collection::vec(any_json(), 0..6), cut in 1usize..9) {
            let text = Value::from(values.clone()).to_string();
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            prop_assert_eq!(split(&chunks, 10_000), Ok((values, 0)));
        }

        #[test]
        fn any_lines_in_any_pieces(values in prop::collection::vec(any_json().prop_filter("an array would be the framing", |value| !value.is_array()), 1..6), cut in 1usize..9) {
            let text: String = values.iter().map(|value| format!("{value}\n")).collect();
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            prop_assert_eq!(split(&chunks, 10_000), Ok((values, 0)));
        }

        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut splitter = Splitter::new(64);
            let _ = splitter.push(&bytes, &mut |_| {});
            let _ = splitter.finish(&mut |_| {});
        }
    }
}
