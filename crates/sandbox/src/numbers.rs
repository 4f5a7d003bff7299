//! Numbers as they stand in JSON.

/// Milliseconds as seconds, with as many places as they need.
pub(crate) fn push_seconds(out: &mut Vec<u8>, millis: u64) {
    push_number(out, millis / 1000);
    let rest = (millis % 1000) as u16;
    if rest == 0 {
        return;
    }
    let digits = [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
    let places = if rest.is_multiple_of(100) {
        1
    } else if rest.is_multiple_of(10) {
        2
    } else {
        3
    };
    out.push(b'.');
    out.extend_from_slice(&digits[..places]);
}

/// `true` or `false`.
pub(crate) fn push_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A number in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(millis: u64) -> String {
        let mut out = Vec::new();
        push_seconds(&mut out, millis);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn seconds_have_no_needless_places() {
        assert_eq!(number(0), "0");
        assert_eq!(number(6_000_000), "6000");
        assert_eq!(number(1_500), "1.5");
        assert_eq!(number(1_020), "1.02");
        assert_eq!(number(12_003), "12.003");
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, 300, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
