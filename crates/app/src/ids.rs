//! Where new ids and other random values come from. Tests seed it, so that a
//! run can be repeated.

use std::sync::Mutex;

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::clock::Clock;

/// Makes ids and random values.
pub struct Ids {
    random: Mutex<StdRng>,
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    /// Seeded by the operating system.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    pub fn random() -> Self {
        Self { random: Mutex::new(StdRng::from_rng(&mut rand::rng())) }
    }

    /// The same values in every run: for tests and demo data.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { random: Mutex::new(StdRng::seed_from_u64(seed)) }
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        // A poisoned lock still holds a sound generator.
        let mut random = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut random)
    }

    /// A fresh id (UUID version 7: sorts by the clock's time).
    pub fn next<T: From<Uuid>>(&self, clock: &Clock) -> T {
        let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or(0);
        let random: [u8; 10] = self.with(|r| r.random());
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Thirty-two random bytes: a token nobody guesses.
    pub fn token(&self) -> [u8; 32] {
        self.with(|r| r.random())
    }

    /// Sixty-four random bits.
    pub fn bits(&self) -> u64 {
        self.with(Rng::next_u64)
    }
}
