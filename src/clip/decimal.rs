//! Decimal numbers as they are written: no rounding, no limit to their digits.

/// `digits` times ten to the `exponent`. The digits neither start nor end with a zero, so that
/// equal numbers are equal; zero has none, and no sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` if the text is no number, or its exponent does not fit 64 bits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written = format!("{whole}{fraction}");
        if written.is_empty() || !written.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = written.trim_end_matches('0');
        let shift =
            i64::try_from(written.len() - kept.len()).ok()? - i64::try_from(fraction.len()).ok()?;
        let digits = kept.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Self {
            is_negative: is_negative && !is_zero,
            digits,
            exponent: if is_zero {
                0
            } else {
                exponent.checked_add(shift)?
            },
        })
    }

    /// The number, if it is whole and from 0 to 2^63 - 1.
    pub(super) fn whole(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let exponent = u32::try_from(self.exponent).ok()?;
        let digits: i64 = self.digits.parse().ok()?;
        let number = digits.checked_mul(10_i64.checked_pow(exponent)?)?;
        (!self.is_negative).then_some(number)
    }
}
