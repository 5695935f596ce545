//! Text of strangers → HTML that is safe to insert. Only for the log and the diff, whose thousands of lines are
//! cheaper as one piece of HTML than as nodes of their own.

/// HTML in the making. Text goes in escaped; markup has to be a constant of this program or a number.
#[derive(Debug, Default)]
pub struct Html(String);

impl Html {
    /// Adds markup.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: usize) -> &mut Self {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{number}");
        self
    }

    /// Adds text, escaped for content and for quoted attributes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Control characters have no meaning on the page, and direction marks can disguise text.
                '\t' | '\n' => self.0.push(character),
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{fffd}'),
                _ if character.is_control() => {}
                _ => self.0.push(character),
            }
        }
        self
    }

    /// The whole.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.markup("<b title=\"").text("\"><script>'&\u{1b}[31m\u{202e}").markup("\">");
        assert_eq!(html.finish(), "<b title=\"&quot;&gt;&lt;script&gt;&#39;&amp;[31m\u{fffd}\">");
    }
}
