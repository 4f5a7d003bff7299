//! Fast, portable randomness: the same numbers on every machine, with no state but a word.

/// Url-safe characters in the order of their bytes, so that texts sort as the words they stand for.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Scrambles a word; different words stay different.
pub(crate) fn mix(word: u64) -> u64 {
    let mut x = word;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// One word out of two, in which both take part.
pub(crate) fn join(left: u64, right: u64) -> u64 {
    mix(left.wrapping_add(GOLDEN) ^ mix(right.wrapping_mul(GOLDEN).wrapping_add(0x5851_F42D)))
}

/// One word out of bytes.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let mut state = 0xCBF2_9CE4_8422_2325_u64;
    for &byte in bytes {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    mix(state)
}

/// A stream of random words.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number in `0..limit`; 0 if the limit is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        scale(self.word(), limit)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.word())
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A random word as a number in `0..limit`.
pub(crate) fn scale(word: u64, limit: u64) -> u64 {
    ((u128::from(word) * u128::from(limit)) >> 64) as u64
}

/// A random word as a number in `0.0..1.0`.
pub(crate) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// Writes all 64 bits as 11 url-safe characters, which sort as the words do.
pub(crate) fn push_word(out: &mut Vec<u8>, word: u64) {
    push_chars(out, word, 10);
    out.push(ALPHABET[((word & 0xF) << 2) as usize]);
}

/// Writes the upper bits of a word as up to 10 url-safe characters.
pub(crate) fn push_chars(out: &mut Vec<u8>, word: u64, count: u32) {
    for place in 0..count.min(10) {
        out.push(ALPHABET[((word >> (58 - 6 * place)) & 0x3F) as usize]);
    }
}

/// Random url-safe characters.
pub(crate) fn push_noise(out: &mut Vec<u8>, rng: &mut Rng, count: u32) {
    let mut left = count;
    while left > 0 {
        push_chars(out, rng.word(), left);
        left = left.saturating_sub(10);
    }
}

/// Reads what [`push_word`] wrote.
pub(crate) fn read_word(text: &[u8]) -> Option<u64> {
    let (last, first) = text.split_last()?;
    if first.len() != 10 {
        return None;
    }
    let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
    let mut word = 0_u64;
    for byte in first {
        word = (word << 6) | value(byte)? as u64;
    }
    let low = value(last)? as u64;
    low.is_multiple_of(4).then_some((word << 4) | (low >> 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_and_sorts_as_its_text() {
        let mut rng = Rng::new(7);
        let mut pairs: Vec<(u64, Vec<u8>)> = (0..200)
            .map(|_| {
                let word = rng.word();
                let mut text = Vec::new();
                push_word(&mut text, word);
                (word, text)
            })
            .collect();
        for (word, text) in &pairs {
            assert_eq!(text.len(), 11);
            assert_eq!(read_word(text), Some(*word));
        }
        pairs.sort();
        assert!(pairs.is_sorted_by(|a, b| a.1 < b.1));
    }

    #[test]
    fn text_that_is_no_word_is_not_read() {
        assert_eq!(read_word(b""), None);
        assert_eq!(read_word(b"short"), None);
        assert_eq!(read_word(b"0123456789!"), None);
    }

    #[test]
    fn numbers_stay_below_their_limit() {
        let mut rng = Rng::new(1);
        assert!((0..1000).all(|_| rng.below(3) < 3));
        assert_eq!(rng.below(0), 0);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit())));
    }
}
