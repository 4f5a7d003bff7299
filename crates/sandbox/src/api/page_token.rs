//! Page tokens: opaque, good for a while, bound to every parameter of the request, and kept
//! nowhere: a token carries what it needs, under a seal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::rng;

const WORDS: usize = 5;
const WORD_LENGTH: usize = 11;

/// Makes and opens page tokens.
#[derive(Debug)]
pub(crate) struct PageTokens {
    secret: u64,
    lifetime: Duration,
    issued: AtomicU64,
}

/// Why a page token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadPageToken {
    Invalid,
    Expired,
    /// It belongs to a request with other parameters.
    OtherParameters,
}

impl PageTokens {
    pub(crate) fn new(seed: u64, lifetime: Duration) -> PageTokens {
        PageTokens {
            secret: rng::join(seed, 0x9A6E),
            lifetime,
            issued: AtomicU64::new(0),
        }
    }

    /// A token for the place where the next page starts, in a list with these parameters, at this
    /// time since the start. No two are alike.
    pub(crate) fn issue(&self, place: u64, parameters: u64, now: Duration) -> String {
        let nonce = rng::mix(self.issued.fetch_add(1, Ordering::Relaxed) ^ self.secret);
        let place = place ^ rng::join(self.secret, nonce);
        let issued = now.as_millis() as u64 ^ rng::join(nonce, self.secret);
        let bound = rng::join(parameters, nonce);
        let seal = self.seal([nonce, place, issued, bound]);
        let mut out = Vec::with_capacity(WORDS * WORD_LENGTH);
        for word in [nonce, place, issued, bound, seal] {
            rng::push_word(&mut out, word);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The place in a token.
    pub(crate) fn open(
        &self,
        token: &str,
        parameters: u64,
        now: Duration,
    ) -> Result<u64, BadPageToken> {
        let bytes = token.as_bytes();
        if bytes.len() != WORDS * WORD_LENGTH {
            return Err(BadPageToken::Invalid);
        }
        let mut words = [0; WORDS];
        for (word, text) in words.iter_mut().zip(bytes.chunks_exact(WORD_LENGTH)) {
            *word = rng::read_word(text).ok_or(BadPageToken::Invalid)?;
        }
        let [nonce, place, issued, bound, seal] = words;
        if seal != self.seal([nonce, place, issued, bound]) {
            return Err(BadPageToken::Invalid);
        }
        if bound != rng::join(parameters, nonce) {
            return Err(BadPageToken::OtherParameters);
        }
        let issued = Duration::from_millis(issued ^ rng::join(nonce, self.secret));
        if now.saturating_sub(issued) >= self.lifetime {
            return Err(BadPageToken::Expired);
        }
        Ok(place ^ rng::join(self.secret, nonce))
    }

    fn seal(&self, words: [u64; 4]) -> u64 {
        words.into_iter().fold(self.secret, rng::join)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn tokens() -> PageTokens {
        PageTokens::new(1, 15 * MINUTE)
    }

    #[test]
    fn a_token_opens_until_it_expires_and_only_with_its_parameters() {
        let tokens = tokens();
        let token = tokens.issue(300, 77, MINUTE);
        assert!(token.len() <= 100);
        assert_eq!(tokens.open(&token, 77, 15 * MINUTE), Ok(300));
        assert_eq!(
            tokens.open(&token, 77, 16 * MINUTE),
            Err(BadPageToken::Expired)
        );
        assert_eq!(
            tokens.open(&token, 78, MINUTE),
            Err(BadPageToken::OtherParameters)
        );
    }

    #[test]
    fn no_two_tokens_are_alike_and_a_forged_one_is_invalid() {
        let tokens = tokens();
        let token = tokens.issue(300, 77, MINUTE);
        assert_ne!(token, tokens.issue(300, 77, MINUTE));
        let forged = token.replacen(|c: char| c != 'B', "B", 1);
        for text in [forged.as_str(), "", "garbage", "é"] {
            assert_eq!(tokens.open(text, 77, MINUTE), Err(BadPageToken::Invalid));
        }
    }
}
