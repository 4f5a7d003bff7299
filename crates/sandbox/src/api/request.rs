//! The query of a list, parsed and judged: what the service makes of it, and which rules of the
//! specification it breaks. The two differ: the service forgives some of it without a word.

use crate::api::reply::Reply;
use crate::api::report::Misuse;
use crate::data::record::Status;
use crate::format::DAY;
use crate::options::{Behaviour, FilteredDate, NoDates, OutOfRange};
use crate::{format, rng};

/// A month, as the service counts it, in seconds.
const MONTH: i64 = 31 * DAY;

const CLIPS_PARAMETERS: [&str; 8] = [
    "user_id",
    "search_key",
    "status",
    "page_size",
    "next_page_token",
    "date_filter_type",
    "from",
    "to",
];

const USERS_PARAMETERS: [&str; 7] = [
    "status",
    "page_size",
    "role_id",
    "page_number",
    "include_fields",
    "next_page_token",
    "license",
];

const ACCOUNTS_PARAMETERS: [&str; 6] = [
    "page_size",
    "page_number",
    "next_page_token",
    "sub_reseller_id",
    "phone_number",
    "email",
];

/// The date that `from` and `to` are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateField {
    Created,
    Modified,
}

/// A request for clips, as the service understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClipsQuery {
    pub(crate) user: Option<String>,
    /// In lower case.
    pub(crate) search: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) by: DateField,
    /// `[from, to)`, milliseconds since 1970.
    pub(crate) span: (i64, i64),
    pub(crate) page: PageQuery,
}

/// The paging part of a request for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageQuery {
    pub(crate) size: usize,
    pub(crate) token: Option<String>,
    /// Stands for the path and all parameters but the page token.
    pub(crate) parameters: u64,
}

/// The rules of the specification that a query breaks, each with an example.
pub(crate) type Violations = Vec<(Misuse, String)>;

/// The parameters of a request as sent.
#[derive(Debug)]
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(query: &str) -> Parameters {
        Parameters(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn judge_names(&self, known: &[&str], violations: &mut Violations) {
        for (name, _) in &self.0 {
            if !known.contains(&name.as_str()) {
                violations.push((Misuse::UnknownParameter, name.clone()));
            }
        }
    }

    fn page(
        &self,
        path: &str,
        sizes: (usize, usize),
        out_of_range: OutOfRange,
        violations: &mut Violations,
    ) -> Result<PageQuery, Reply> {
        let (least, most) = sizes;
        let size = match self.get("page_size") {
            None => 30,
            Some(text) => {
                let number: Option<i64> = text.parse().ok();
                let number = number.ok_or_else(|| {
                    violations.push((Misuse::PageSize, text.to_owned()));
                    Reply::invalid("page_size", "The value must be an integer.")
                })?;
                let clamped = number.clamp(least as i64, most as i64);
                if clamped != number {
                    violations.push((Misuse::PageSize, text.to_owned()));
                    if out_of_range == OutOfRange::Refuse {
                        let text = format!("The value must be between {least} and {most}.");
                        return Err(Reply::invalid("page_size", &text));
                    }
                }
                clamped as usize
            }
        };
        let mut bound: Vec<&(String, String)> = self
            .0
            .iter()
            .filter(|(name, _)| name != "next_page_token")
            .collect();
        bound.sort();
        let text = format!("{path} {bound:?}");
        let token = self.get("next_page_token").filter(|text| !text.is_empty());
        Ok(PageQuery {
            size,
            token: token.map(str::to_owned),
            parameters: rng::digest(text.as_bytes()),
        })
    }
}

/// Judges a request for clips; `now` in unix seconds.
pub(crate) fn clips(
    path: &str,
    query: &str,
    behaviour: &Behaviour,
    now: i64,
) -> (Result<ClipsQuery, Reply>, Violations) {
    let mut violations = Vec::new();
    let parameters = Parameters::parse(query);
    parameters.judge_names(&CLIPS_PARAMETERS, &mut violations);
    let result = parse_clips(&parameters, path, behaviour, now, &mut violations);
    (result, violations)
}

fn parse_clips(
    parameters: &Parameters,
    path: &str,
    behaviour: &Behaviour,
    now: i64,
    violations: &mut Violations,
) -> Result<ClipsQuery, Reply> {
    let by = match parameters.get("date_filter_type") {
        Some("CREATED_DATE") => DateField::Created,
        Some("MODIFIED_DATE") | None => DateField::Modified,
        Some(other) => return Err(not_listed("date_filter_type", other, violations)),
    };
    let by = match behaviour.filtered_date {
        FilteredDate::AsAsked => by,
        FilteredDate::Created => DateField::Created,
        FilteredDate::Modified => DateField::Modified,
    };
    let status = match parameters.get("status") {
        None => None,
        Some(text) => {
            let status =
                Status::parse(text).ok_or_else(|| not_listed("status", text, violations))?;
            Some(status)
        }
    };
    let page = parameters.page(path, (30, 300), behaviour.page_size, violations)?;
    let span = span(parameters, behaviour, now, violations)?;
    let text = |name: &str| parameters.get(name).filter(|text| !text.is_empty());
    Ok(ClipsQuery {
        user: text("user_id").map(str::to_owned),
        search: text("search_key").map(str::to_lowercase),
        status,
        by,
        span,
        page,
    })
}

fn not_listed(field: &str, value: &str, violations: &mut Violations) -> Reply {
    violations.push((Misuse::EnumValue, format!("{field}={value}")));
    Reply::invalid(field, "The value is not one of those allowed.")
}

/// `[from, to)` in milliseconds since 1970.
fn span(
    parameters: &Parameters,
    behaviour: &Behaviour,
    now: i64,
    violations: &mut Violations,
) -> Result<(i64, i64), Reply> {
    let mut date = |name: &str| {
        let Some(text) = parameters.get(name) else {
            violations.push((Misuse::MissingDate, name.to_owned()));
            return Ok(None);
        };
        let second = format::parse_second(text).ok_or_else(|| {
            violations.push((Misuse::DateForm, format!("{name}={text}")));
            Reply::invalid(
                name,
                "The value must have the form yyyy-MM-dd'T'HH:mm:ss'Z'.",
            )
        })?;
        Ok(Some(second))
    };
    let (from, to) = (date("from")?, date("to")?);
    if (from, to) == (None, None) && behaviour.no_dates == NoDates::Everything {
        return Ok((i64::MIN, i64::MAX));
    }
    let today = now.div_euclid(DAY) * DAY;
    let mut from = from.unwrap_or(today);
    let to = to.unwrap_or(today + DAY);
    if from > to {
        violations.push((Misuse::DateOrder, format::second_text(from)));
        return Err(Reply::invalid("from", "The value must not be after to."));
    }
    if to - from > MONTH {
        violations.push((Misuse::RangeOverMonth, format!("{} s", to - from)));
        match behaviour.over_range {
            OutOfRange::Clamp => from = to - MONTH,
            OutOfRange::Refuse => {
                return Err(Reply::invalid("from", "The range must not exceed a month."));
            }
        }
    }
    let shift = behaviour.filter_shift.as_secs();
    let (from, to) = (from + shift, to + shift);
    let low = from * 1000 + i64::from(!behaviour.from_inclusive);
    let high = to * 1000 + i64::from(behaviour.to_inclusive);
    Ok((low, high.max(low)))
}

/// Judges a request for users: the status asked for, and the paging.
pub(crate) fn users(
    path: &str,
    query: &str,
    behaviour: &Behaviour,
) -> (Result<(String, PageQuery), Reply>, Violations) {
    let mut violations = Vec::new();
    let parameters = Parameters::parse(query);
    parameters.judge_names(&USERS_PARAMETERS, &mut violations);
    let status = parameters.get("status").unwrap_or("active").to_owned();
    let result = if ["active", "inactive", "pending"].contains(&status.as_str()) {
        parameters
            .page(path, (1, 2000), behaviour.page_size, &mut violations)
            .map(|page| (status, page))
    } else {
        Err(not_listed("status", &status, &mut violations))
    };
    (result, violations)
}

/// Judges a request for sub-accounts.
pub(crate) fn accounts(
    path: &str,
    query: &str,
    behaviour: &Behaviour,
) -> (Result<PageQuery, Reply>, Violations) {
    let mut violations = Vec::new();
    let parameters = Parameters::parse(query);
    parameters.judge_names(&ACCOUNTS_PARAMETERS, &mut violations);
    let result = parameters.page(path, (1, 300), behaviour.page_size, &mut violations);
    (result, violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const DATES: &str = "from=2023-10-01T00:00:00Z&to=2023-10-02T00:00:00Z";
    const FROM: i64 = 1_696_118_400;

    fn ask(query: &str, behaviour: &Behaviour) -> (Result<ClipsQuery, Reply>, Vec<Misuse>) {
        let (result, violations) = clips("/v2/clips", query, behaviour, NOW);
        (
            result,
            violations.into_iter().map(|(misuse, _)| misuse).collect(),
        )
    }

    #[test]
    fn without_dates_today_is_listed_by_modification_and_marked() {
        let (query, misuses) = ask("", &Behaviour::default());
        let query = query.unwrap();
        let today = NOW.div_euclid(DAY) * DAY;
        assert_eq!(query.by, DateField::Modified);
        assert_eq!(query.span, (today * 1000, (today + DAY) * 1000 + 1));
        assert_eq!(query.page.size, 30);
        assert_eq!(misuses, [Misuse::MissingDate, Misuse::MissingDate]);
    }

    #[test]
    fn bounds_are_inclusive_or_exclusive_to_the_millisecond() {
        let span = |from_inclusive, to_inclusive| {
            let behaviour = Behaviour {
                from_inclusive,
                to_inclusive,
                ..Behaviour::default()
            };
            ask(DATES, &behaviour).0.unwrap().span
        };
        let (low, high) = (FROM * 1000, (FROM + DAY) * 1000);
        assert_eq!(span(true, true), (low, high + 1));
        assert_eq!(span(true, false), (low, high));
        assert_eq!(span(false, true), (low + 1, high + 1));
        assert_eq!(span(false, false), (low + 1, high));
    }

    #[test]
    fn a_range_over_a_month_loses_its_start_or_is_refused() {
        let wide = "from=2023-01-01T00:00:00Z&to=2023-10-02T00:00:00Z";
        let (query, misuses) = ask(wide, &Behaviour::default());
        assert_eq!(query.unwrap().span.0, (FROM + DAY - MONTH) * 1000);
        assert_eq!(misuses, [Misuse::RangeOverMonth]);
        let strict = Behaviour {
            over_range: OutOfRange::Refuse,
            ..Behaviour::default()
        };
        let reply = ask(wide, &strict).0.unwrap_err();
        assert_eq!((reply.status, reply.code), (400, Some(300)));
        let month = "from=2023-09-01T00:00:00Z&to=2023-10-02T00:00:00Z";
        assert_eq!(ask(month, &strict).1, []);
    }

    #[test]
    fn a_page_size_out_of_range_is_clamped_or_refused() {
        let strict = Behaviour {
            page_size: OutOfRange::Refuse,
            ..Behaviour::default()
        };
        for (text, size) in [
            ("29", 30),
            ("30", 30),
            ("300", 300),
            ("301", 300),
            ("-1", 30),
        ] {
            let query = format!("{DATES}&page_size={text}");
            let (lenient, misuses) = ask(&query, &Behaviour::default());
            assert_eq!(lenient.unwrap().page.size, size);
            let fits = text == size.to_string();
            assert_eq!(misuses.is_empty(), fits);
            assert_eq!(ask(&query, &strict).0.is_ok(), fits);
        }
        assert!(
            ask(&format!("{DATES}&page_size=x"), &Behaviour::default())
                .0
                .is_err()
        );
    }

    #[test]
    fn every_rule_broken_is_named() {
        for (query, misuse) in [
            ("limit=3", Misuse::UnknownParameter),
            ("status=DONE", Misuse::EnumValue),
            ("date_filter_type=created", Misuse::EnumValue),
        ] {
            let misuses = ask(&format!("{DATES}&{query}"), &Behaviour::default()).1;
            assert_eq!(misuses, [misuse], "{query}");
        }
        let date_only = "from=2023-10-01&to=2023-10-02T00:00:00Z";
        assert_eq!(ask(date_only, &Behaviour::default()).1, [Misuse::DateForm]);
        let backward = "from=2023-10-02T00:00:00Z&to=2023-10-01T00:00:00Z";
        assert_eq!(ask(backward, &Behaviour::default()).1, [Misuse::DateOrder]);
    }

    #[test]
    fn parameters_are_bound_in_any_order_but_not_with_other_values() {
        let bound = |query: &str| ask(query, &Behaviour::default()).0.unwrap().page.parameters;
        let one = bound(&format!("{DATES}&page_size=300"));
        assert_eq!(
            one,
            bound(&format!("page_size=300&{DATES}&next_page_token=x"))
        );
        assert_ne!(one, bound(&format!("{DATES}&page_size=299")));
    }
}
