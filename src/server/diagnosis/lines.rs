//! Where the stages read a log: a whole one, or those lines of a stream that are near what matters.

/// The lines of a log by their index, from 0.
pub(crate) trait Lines {
    /// The line as the platform stored it; `None` beyond the end, and where a stream has let it go.
    fn line(&self, index: usize) -> Option<&str>;

    /// How many there are.
    fn count(&self) -> usize;
}

impl<S: AsRef<str>> Lines for [S] {
    fn line(&self, index: usize) -> Option<&str> {
        self.get(index).map(AsRef::as_ref)
    }

    fn count(&self) -> usize {
        self.len()
    }
}
