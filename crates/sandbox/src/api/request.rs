//! The query of a list, parsed and judged: what the service makes of it, and which rules of the
//! specification it breaks. The two differ: the service forgives some of it without a word.

use crate::api::parameters::Parameters;
use crate::api::reply::Reply;
use crate::api::report::Misuse;
use crate::data::record::Status;
use crate::format::DAY;
use crate::options::{Behaviour, FilteredDate, NoDates, OutOfRange};
use crate::{format, rng};

/// A month, as the service counts it, in seconds.
const MONTH: i64 = 31 * DAY;

/// The query parameters that a list has.
#[derive(Debug)]
struct Known {
    played: &'static [&'static str],
    /// Documented too, and without effect here. Who sends one sees in the report that the answer is
    /// not what the service would have said.
    not_played: &'static [&'static str],
}

const CLIPS: Known = Known {
    played: &[
        "user_id",
        "search_key",
        "status",
        "page_size",
        "next_page_token",
        "date_filter_type",
        "from",
        "to",
    ],
    not_played: &[],
};

const USERS: Known = Known {
    played: &["status", "page_size", "next_page_token"],
    not_played: &["role_id", "page_number", "include_fields", "license"],
};

const ACCOUNTS: Known = Known {
    played: &["page_size", "next_page_token"],
    not_played: &["page_number", "sub_reseller_id", "phone_number", "email"],
};

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

/// The parameters of a query; what is odd about their names goes into the report.
fn parse(query: &str, known: &Known, violations: &mut Violations) -> Parameters {
    let parameters = Parameters::parse(query.as_bytes());
    for name in parameters.names() {
        if known.not_played.contains(&name) {
            violations.push((Misuse::NotPlayed, name.to_owned()));
        } else if !known.played.contains(&name) {
            violations.push((Misuse::UnknownParameter, name.to_owned()));
        }
    }
    if let Some(name) = parameters.repeated() {
        violations.push((Misuse::RepeatedParameter, name.to_owned()));
    }
    parameters
}

fn page(
    parameters: &Parameters,
    path: &str,
    sizes: (usize, usize),
    out_of_range: OutOfRange,
    violations: &mut Violations,
) -> Result<PageQuery, Reply> {
    let (least, most) = sizes;
    let size = match parameters.get("page_size") {
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
    let token = parameters.get("next_page_token");
    let bound = format!("{path} {}", parameters.without("next_page_token"));
    Ok(PageQuery {
        size,
        token: token.filter(|text| !text.is_empty()).map(str::to_owned),
        parameters: rng::digest(bound.as_bytes()),
    })
}

/// The value of a parameter that has an enumeration.
fn one_of<'a>(
    parameters: &'a Parameters,
    name: &str,
    allowed: &[&str],
    violations: &mut Violations,
) -> Result<Option<&'a str>, Reply> {
    let value = parameters.get(name);
    match value {
        Some(text) if !allowed.contains(&text) => Err(not_listed(name, text, violations)),
        _ => Ok(value),
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
    let parameters = parse(query, &CLIPS, &mut violations);
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
    let page = page(parameters, path, (30, 300), behaviour.page_size, violations)?;
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
    let parameters = parse(query, &USERS, &mut violations);
    let result = parse_users(&parameters, path, behaviour, &mut violations);
    (result, violations)
}

fn parse_users(
    parameters: &Parameters,
    path: &str,
    behaviour: &Behaviour,
    violations: &mut Violations,
) -> Result<(String, PageQuery), Reply> {
    for (name, allowed) in [
        ("include_fields", ["custom_attributes", "host_key"]),
        (
            "license",
            ["zoom_workforce_management", "zoom_compliance_management"],
        ),
    ] {
        one_of(parameters, name, &allowed, violations)?;
    }
    let allowed = ["active", "inactive", "pending"];
    let status = one_of(parameters, "status", &allowed, violations)?.unwrap_or("active");
    let page = page(parameters, path, (1, 2000), behaviour.page_size, violations)?;
    Ok((status.to_owned(), page))
}

/// Judges a request for sub-accounts.
pub(crate) fn accounts(
    path: &str,
    query: &str,
    behaviour: &Behaviour,
) -> (Result<PageQuery, Reply>, Violations) {
    let mut violations = Vec::new();
    let parameters = parse(query, &ACCOUNTS, &mut violations);
    let result = parse_accounts(&parameters, path, behaviour, &mut violations);
    (result, violations)
}

fn parse_accounts(
    parameters: &Parameters,
    path: &str,
    behaviour: &Behaviour,
    violations: &mut Violations,
) -> Result<PageQuery, Reply> {
    if parameters
        .get("page_number")
        .is_some_and(|text| text.parse::<i64>().is_err())
    {
        return Err(Reply::invalid(
            "page_number",
            "The value must be an integer.",
        ));
    }
    page(parameters, path, (1, 300), behaviour.page_size, violations)
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
    fn what_is_ignored_is_reported() {
        let behaviour = Behaviour::default();
        let (query, misuses) = ask(&format!("{DATES}&page_size=30&page_size=300"), &behaviour);
        assert_eq!(query.unwrap().page.size, 30);
        assert_eq!(misuses, [Misuse::RepeatedParameter]);
        let (page, violations) = accounts("/v2/accounts", "email=a%40b.example", &behaviour);
        assert!(page.is_ok());
        assert_eq!(violations, [(Misuse::NotPlayed, "email".to_owned())]);
        let (page, violations) =
            users("/v2/users", "license=zoom_workforce_management", &behaviour);
        assert!(page.is_ok());
        assert_eq!(violations, [(Misuse::NotPlayed, "license".to_owned())]);
    }

    #[test]
    fn a_page_number_of_accounts_that_is_none_is_refused_though_it_is_not_played() {
        for (text, is_taken) in [("1", true), ("-1", true), ("one", false), ("", false)] {
            let query = format!("page_number={text}");
            let (page, _) = accounts("/v2/accounts", &query, &Behaviour::default());
            assert_eq!(page.is_ok(), is_taken, "{text}");
        }
    }

    #[test]
    fn every_enumeration_of_users_is_judged_even_of_what_is_not_played() {
        for name in ["status", "include_fields", "license"] {
            let query = format!("{name}=other");
            let (result, violations) = users("/v2/users", &query, &Behaviour::default());
            assert_eq!(result.unwrap_err().code, Some(300));
            assert!(violations.contains(&(Misuse::EnumValue, query)));
        }
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
