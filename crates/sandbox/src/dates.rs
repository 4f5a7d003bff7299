//! Dates as the simulated service reads and writes them. Proleptic Gregorian, UTC only.

/// First second of the year 10000, unix seconds.
pub(crate) const YEAR_10000: i64 = 253_402_300_800;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Reads `yyyy-MM-dd'T'HH:mm:ss'Z'` and nothing else, as unix seconds.
pub(crate) fn parse_second(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let marks = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'Z'),
    ];
    if marks.iter().any(|&(at, mark)| bytes[at] != mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_i64, |value, byte| {
            byte.is_ascii_digit()
                .then(|| value * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(year, month, day);
    (civil_of(days) == (year, month, day))
        .then_some(days * DAY + hour * 3600 + minute * 60 + second)
}

/// Writes milliseconds since 1970 as `2024-10-11T01:51:50` and then `suffix`.
fn push_second(out: &mut Vec<u8>, second: i64) {
    let (year, month, day) = civil_of(second.div_euclid(DAY));
    let rest = second.rem_euclid(DAY);
    push_pair(out, year / 100);
    push_pair(out, year % 100);
    out.push(b'-');
    push_pair(out, month);
    out.push(b'-');
    push_pair(out, day);
    out.push(b'T');
    push_pair(out, rest / 3600);
    out.push(b':');
    push_pair(out, rest / 60 % 60);
    out.push(b':');
    push_pair(out, rest % 60);
}

/// Writes `2024-10-11T01:51:50Z`; milliseconds are cut off.
pub(crate) fn push_short(out: &mut Vec<u8>, millis: i64) {
    push_second(out, millis.div_euclid(1000));
    out.push(b'Z');
}

/// Writes `2024-10-11T01:51:50.631` and then `zone`.
pub(crate) fn push_long(out: &mut Vec<u8>, millis: i64, zone: &[u8]) {
    push_second(out, millis.div_euclid(1000));
    let fraction = millis.rem_euclid(1000);
    out.extend_from_slice(&[b'.', digit(fraction / 100)]);
    push_pair(out, fraction % 100);
    out.extend_from_slice(zone);
}

/// `2024-10-11T01:51:50Z` of unix seconds.
pub(crate) fn second_text(second: i64) -> String {
    let mut out = Vec::with_capacity(20);
    push_short(&mut out, second * 1000);
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(value: i64) -> u8 {
    b'0' + (value % 10) as u8
}

fn push_pair(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&[digit(value / 10), digit(value)]);
}

/// Days since 1970-01-01; years are counted from March, so that the leap day comes last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_jiff_over_two_centuries() {
        for day in 0..73_000_i64 {
            let second = (day - 10_000) * DAY + day * 37 % DAY;
            let text = second_text(second);
            let expected = jiff::Timestamp::from_second(second).unwrap().to_string();
            assert_eq!(text, expected);
            assert_eq!(parse_second(&text), Some(second));
        }
    }

    #[test]
    fn only_the_documented_form_is_read() {
        assert_eq!(parse_second("1970-01-02T00:00:00Z"), Some(DAY));
        for text in [
            "",
            "2024-10-11",
            "2024-10-11T01:51:50",
            "2024-10-11T01:51:50.631Z",
            "2024-10-11T01:51:50+00:00",
            "2024-10-11 01:51:50Z",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-10-11T24:00:00Z",
            "2024-10-1éT00:00:0Z",
        ] {
            assert_eq!(parse_second(text), None, "{text}");
        }
    }

    #[test]
    fn the_long_form_has_three_places() {
        let mut out = Vec::new();
        push_long(&mut out, 1_728_611_510_031, b"+00:00");
        assert_eq!(out, b"2024-10-11T01:51:50.031+00:00");
    }
}
