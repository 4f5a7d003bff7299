//! Sums of bytes that cannot overflow, their form in JSON, and how many clips they are of.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes, 128 bits wide: no sum of 64-bit sizes over a countable number of rows
/// reaches its end.
///
/// In JSON it is a number as long as it fits 64 bits without a sign; beyond (18.4 EB) it is a
/// string of decimal digits, so that no reader rounds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub u128);

impl Bytes {
    /// This many more; stays at the end of its range rather than wrapping.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.0 = self.0.saturating_add(u128::from(bytes));
    }

    /// Both together.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Its share of `whole` in percent, rounded to 4 decimals; 0 if the whole is 0.
    #[must_use]
    pub(crate) fn percent_of(self, whole: Self) -> f64 {
        if whole.0 == 0 {
            return 0.0;
        }
        let millionths = self.0.saturating_mul(1_000_000).saturating_add(whole.0 / 2) / whole.0;
        u32::try_from(millionths).map_or(100.0, |millionths| f64::from(millionths) / 10_000.0)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(bytes) => serializer.serialize_u64(bytes),
            Err(_) => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrDigits)
    }
}

struct NumberOrDigits;

impl Visitor<'_> for NumberOrDigits {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of bytes, or a string of its digits")
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<Bytes, E> {
        Ok(Bytes(u128::from(bytes)))
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<Bytes, E> {
        digits.parse().map(Bytes).map_err(E::custom)
    }
}

/// How many clips, and how many bytes they hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    pub clips: u64,
    /// Sum of the sizes that are known.
    pub bytes: Bytes,
}

impl Count {
    /// One clip more, of `bytes` bytes.
    pub(super) fn add(&mut self, bytes: u64) {
        self.clips += 1;
        self.bytes.add(bytes);
    }

    /// All of `other` more.
    pub(super) fn join(&mut self, other: Self) {
        self.clips += other.clips;
        self.bytes = self.bytes.plus(other.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    #[test]
    fn bytes_are_a_number_up_to_64_bits_and_digits_beyond() {
        let largest = Bytes(u128::from(u64::MAX));
        let beyond = Bytes(u128::from(u64::MAX) + 1);
        for (bytes, json) in [
            (Bytes(0), "0"),
            (largest, "18446744073709551615"),
            (beyond, "\"18446744073709551616\""),
        ] {
            assert_eq!(serde_json::to_string(&bytes).unwrap(), json);
            assert_eq!(serde_json::from_str::<Bytes>(json).unwrap(), bytes);
        }
    }

    #[test]
    fn bytes_are_neither_negative_nor_words_nor_fractions() {
        for json in ["-1", "\"many\"", "1.5", "null"] {
            assert!(serde_json::from_str::<Bytes>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_share_is_rounded_to_four_decimals_and_never_divides_by_nothing() {
        let shares = [(1, 3), (2, 3), (3, 3), (0, 0), (0, 7)];
        let percent = shares.map(|(part, whole)| Bytes(part).percent_of(Bytes(whole)).to_string());
        assert_eq!(percent, ["33.3333", "66.6667", "100", "0", "0"]);
    }
}
