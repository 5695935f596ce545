//! Counts what an attempt takes from the model, remembers why the model last failed, and says when to stop.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// After this many failures in a row the attempt is over: OpenCode itself gives up after six.
const MAX_FAILURES: u32 = 6;
/// After this many broken-off answers the attempt is over: OpenCode would go on for ever.
const MAX_TRUNCATED: u32 = 3;

/// Why the model did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 401 or 403.
    Refused {
        /// The status.
        status: u16,
    },
    /// The account has no quota left.
    QuotaExhausted,
    /// 429.
    RateLimited,
    /// A server error, or no answer at all.
    Unavailable {
        /// The status, if it answered.
        status: Option<u16>,
    },
    /// Another client error, such as an unknown model or a conversation that is too long.
    Rejected {
        /// The status.
        status: u16,
    },
    /// The answer broke off.
    Truncated,
    /// The attempt's budget of `requests`, `tokens`, `cost` or `time` is used up.
    Budget {
        /// Which.
        what: &'static str,
    },
}

impl Fault {
    /// Asking again cannot help.
    const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::QuotaExhausted
                | Self::Rejected { status: 404 }
                | Self::Budget { .. }
        )
    }
}

/// What an attempt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Requests that reached the model's endpoint.
    pub requests: u32,
    /// Tokens read by the model, cached ones too.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
}

impl Taken {
    /// US dollars, at `prices` per million tokens read and written.
    #[expect(clippy::cast_precision_loss, reason = "a price")]
    pub(super) fn cost(self, prices: (f64, f64)) -> f64 {
        let (input, output) = prices;
        (self.input_tokens as f64).mul_add(input, self.output_tokens as f64 * output) / 1_000_000.0
    }
}

/// What an attempt may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub requests: u32,
    pub tokens: u64,
    /// US dollars.
    pub cost: f64,
    /// US dollars per million tokens read and written.
    pub prices: (f64, f64),
}

/// One attempt's meter.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    stop: CancellationToken,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: Taken,
    last: Option<Fault>,
    failures: u32,
    truncated: u32,
    stopped_by: Option<Fault>,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, stop: CancellationToken::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Canceled when no more requests are answered.
    pub(super) const fn stopped(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn taken(&self) -> Taken {
        self.state().taken
    }

    /// Why requests are no longer answered; otherwise, why the last one failed, if it did.
    pub(super) fn fault(&self) -> Option<Fault> {
        let state = self.state();
        state.stopped_by.clone().or_else(|| state.last.clone())
    }

    /// Asks for one more request.
    pub(super) fn admit(&self) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some(fault) = &state.stopped_by {
            return Err(fault.clone());
        }
        if state.taken.requests >= self.budget.requests {
            return Err(self.stop(&mut state, Fault::Budget { what: "requests" }));
        }
        state.taken.requests += 1;
        Ok(())
    }

    /// Counts the tokens of an answer, whole or not.
    pub(super) fn count(&self, input: u64, output: u64) {
        let mut state = self.state();
        let taken = &mut state.taken;
        taken.input_tokens = taken.input_tokens.saturating_add(input);
        taken.output_tokens = taken.output_tokens.saturating_add(output);
        if taken.input_tokens.saturating_add(taken.output_tokens) > self.budget.tokens {
            self.stop(&mut state, Fault::Budget { what: "tokens" });
        } else if taken.cost(self.budget.prices) > self.budget.cost {
            self.stop(&mut state, Fault::Budget { what: "cost" });
        }
    }

    /// The attempt's time is over.
    pub(super) fn expire(&self) {
        self.stop(&mut self.state(), Fault::Budget { what: "time" });
    }

    /// An answer came whole.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.last = None;
        state.failures = 0;
    }

    /// A request failed.
    pub(super) fn failed(&self, fault: Fault) {
        let mut state = self.state();
        state.failures += 1;
        state.truncated += u32::from(fault == Fault::Truncated);
        state.last = Some(fault.clone());
        if fault.is_final() || state.failures >= MAX_FAILURES || state.truncated >= MAX_TRUNCATED {
            self.stop(&mut state, fault);
        }
    }

    fn stop(&self, state: &mut State, fault: Fault) -> Fault {
        let fault = state.stopped_by.get_or_insert(fault).clone();
        self.stop.cancel();
        fault
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn meter() -> Meter {
        Meter::new(Budget { requests: 20, tokens: 1000, cost: 5.0, prices: (0.0, 0.0) })
    }

    #[test]
    fn a_model_that_recovers_is_forgiven() {
        let meter = meter();
        for _ in 0..MAX_FAILURES - 1 {
            meter.failed(Fault::RateLimited);
        }
        assert_eq!((meter.fault(), meter.stopped().is_cancelled()), (Some(Fault::RateLimited), false));
        meter.succeeded();
        meter.failed(Fault::Unavailable { status: Some(500) });
        assert!(!meter.stopped().is_cancelled());
        meter.succeeded();
        assert_eq!(meter.fault(), None);
    }

    #[test]
    fn what_cannot_get_better_stops_at_once_and_stays_the_reason() {
        for fault in [Fault::Refused { status: 401 }, Fault::QuotaExhausted, Fault::Rejected { status: 404 }]
        {
            let meter = meter();
            meter.failed(fault.clone());
            assert_eq!(meter.admit(), Err(fault.clone()));
            meter.failed(Fault::RateLimited);
            meter.succeeded();
            assert_eq!((meter.fault(), meter.stopped().is_cancelled()), (Some(fault), true));
        }
    }

    #[test]
    fn truncated_answers_count_even_between_whole_ones() {
        let meter = meter();
        for _ in 0..MAX_TRUNCATED {
            assert!(!meter.stopped().is_cancelled());
            meter.succeeded();
            meter.failed(Fault::Truncated);
        }
        assert_eq!((meter.fault(), meter.stopped().is_cancelled()), (Some(Fault::Truncated), true));
    }

    #[test]
    fn budgets_stop() {
        let requests = meter();
        for _ in 0..20 {
            requests.admit().unwrap();
        }
        assert_eq!(requests.admit(), Err(Fault::Budget { what: "requests" }));
        let tokens = meter();
        tokens.count(600, 400);
        assert!(!tokens.stopped().is_cancelled());
        tokens.count(1, 0);
        assert_eq!(tokens.admit(), Err(Fault::Budget { what: "tokens" }));
        assert_eq!((tokens.taken().input_tokens, tokens.taken().output_tokens), (601, 400));
        let cost = Meter::new(Budget { requests: 20, tokens: 1000, cost: 0.002, prices: (2.0, 10.0) });
        cost.count(500, 100);
        assert!(!cost.stopped().is_cancelled());
        cost.count(1, 0);
        assert_eq!(cost.admit(), Err(Fault::Budget { what: "cost" }));
        let time = meter();
        time.expire();
        assert_eq!(time.admit(), Err(Fault::Budget { what: "time" }));
    }
}
